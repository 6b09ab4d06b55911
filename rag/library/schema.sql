-- The catalog: the truth about articles, passages and vectors. Moments are microseconds since 1970, UTC.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE version (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id       TEXT NOT NULL,
    version          TEXT NOT NULL,
    current          INTEGER NOT NULL,
    title            TEXT NOT NULL,
    title_derived    INTEGER NOT NULL,
    publisher        TEXT,
    publisher_folded TEXT,
    published        INTEGER,
    updated          INTEGER,
    url              TEXT,
    author           TEXT,
    language         TEXT,
    origin_id        TEXT,
    passages         INTEGER NOT NULL,
    duplicate_of     TEXT,
    signature        BLOB NOT NULL,
    characters       INTEGER NOT NULL,
    text             TEXT NOT NULL,
    UNIQUE (article_id, version)
);
CREATE UNIQUE INDEX version_current ON version (article_id) WHERE current = 1;
CREATE INDEX version_scope ON version (current, published, publisher_folded, article_id, passages);

-- From when on a version was what a reader saw, until the article's next row; one that came back has several rows.
-- An article without any date has none.
CREATE TABLE period (
    article_id  TEXT NOT NULL,
    stands_from INTEGER NOT NULL,
    version     INTEGER NOT NULL REFERENCES version (number),
    PRIMARY KEY (article_id, stands_from)
) WITHOUT ROWID;

-- Equal keys share one row, so an unchanged passage of a changed article costs no second vector.
CREATE TABLE vector (
    number INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: caches hold vectors by number
    key    TEXT NOT NULL UNIQUE,
    data   BLOB NOT NULL                        -- float32, little endian, unit length
);

CREATE TABLE passage (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    version   INTEGER NOT NULL REFERENCES version (number),
    ordinal   INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    stop      INTEGER NOT NULL,
    sentences TEXT NOT NULL,                    -- JSON list of offsets: start, end, start, end, ...
    vector    INTEGER NOT NULL REFERENCES vector (number),
    UNIQUE (version, ordinal)
);
CREATE INDEX passage_vector ON passage (vector);
CREATE INDEX passage_scope ON passage (version, vector);    -- which vectors a scope admits, without reading passages

-- Rows are passages of all versions (rowid = passage.number); columns hold terms, not text.
CREATE VIRTUAL TABLE lexical USING fts5 (title, body, tokenize = 'unicode61');

CREATE TABLE band (
    band    TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES version (number),
    PRIMARY KEY (band, version)
) WITHOUT ROWID;
CREATE INDEX band_version ON band (version);

CREATE TABLE location (
    location   TEXT PRIMARY KEY,
    article_id TEXT NOT NULL,
    version    TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX location_article ON location (article_id);

-- Slots of the vector index that an unfinished change may have touched.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    slots  TEXT NOT NULL                        -- JSON list of [article_id, ordinal]
);
