"""Every error that Dateline raises on purpose, in one tree, split by whose move it is.

::

    DatelineError
    ├── UserError                 yours: change what you gave and try again (exit code 2 at the command line)
    │   ├── ConfigurationError      a setting or option is missing or wrong
    │   ├── SuiteError              a file of test cases is not written as it must be
    │   ├── NotRecordedError        a file of recorded replies lacks one that is asked for
    │   ├── ArticleNotFoundError    no such article or version in this library
    │   └── UnreadableFileError     this file cannot become an article; the rest of the batch goes on
    ├── LibraryError              the library's: each message names the command that mends it (exit code 1)
    │   ├── LibraryMissingError     nothing has been ingested here yet
    │   ├── LibraryLockedError      another process is writing
    │   ├── LibraryMismatchError    written by another embedding model or format
    │   ├── LibraryDamagedError     the files are not what was written
    │   └── StorageError            the disk is full, read-only or failing
    ├── ProviderError             the model server's (exit code 1)
    │   ├── ProviderRefusedError    401, 403: the key is wrong or lacks the right
    │   ├── ModelNotFoundError      404: the server does not have this model
    │   ├── ProviderBusyError       429, 5xx, timeouts: worth another try later
    │   ├── ProviderUnreachableError  nothing answers at that address
    │   └── ProviderReplyError      an answer that broke off or makes no sense
    └── ServiceError              the running service's: worth another try in a moment
        ├── OverloadedError         more is asked of it at once than it takes
        └── ClosingError            it is shutting down

Messages are one line: what happened, and what to do next. They never hold a key.
The absence of an answer is a value (`Status.NOT_IN_SOURCES`), not an error.
"""


class DatelineError(Exception):
    """Base of all errors raised on purpose; its text may be shown to the user."""


class UserError(DatelineError):
    """What was given cannot be used as it is."""


class ConfigurationError(UserError):
    """A setting or option is missing or wrong."""


class SuiteError(UserError):
    """A file of test cases cannot be read, or not be written to."""


class NotRecordedError(UserError):
    """A file of recorded replies lacks this one. No fault of a server, so nothing may answer in its place."""


class ArticleNotFoundError(UserError):
    """No such article or version is in this library."""


class UnreadableFileError(UserError):
    """A file, or one place in it, cannot become an article."""


class LibraryError(DatelineError):
    """The library cannot do what was asked; the message names the command that mends it."""


class LibraryMissingError(LibraryError):
    """There is no library at this place yet."""


class LibraryLockedError(LibraryError):
    """Another process is writing to this library."""


class LibraryMismatchError(LibraryError):
    """The library was written by another embedding model or format."""


class LibraryDamagedError(LibraryError):
    """The library's files are not what was written."""


class StorageError(LibraryError):
    """The disk is full, read-only or failing."""


class ProviderError(DatelineError):
    """A model server did not give a usable answer."""


class ProviderRefusedError(ProviderError):
    """The key is missing, wrong or lacks the right."""


class ModelNotFoundError(ProviderError):
    """The server does not have this model."""


class ProviderBusyError(ProviderError):
    """The server is overloaded, limited this key, or took too long."""


class ProviderUnreachableError(ProviderError):
    """Nothing answers at the server's address."""


class ProviderReplyError(ProviderError):
    """The reply broke off or could not be understood."""


class ServiceError(DatelineError):
    """The running service cannot take this on now."""


class OverloadedError(ServiceError):
    """More is asked at once than the service takes."""


class ClosingError(ServiceError):
    """The service is shutting down."""
