// Runs once with the reader's element: opens articles at the sentence that a citation link names.
const LINK = 'a[href^="#read/"]';
let opener = null;
let asked = 0;

const sameArticle = (href) => href.slice(0, href.lastIndexOf("/") + 1);

async function open(link) {
  const href = link.getAttribute("href");
  const exchange = link.closest("[data-exchange]");
  const others = exchange ? [...exchange.querySelectorAll(LINK)].map((each) => each.getAttribute("href")) : [];
  const also = [...new Set(others)].filter((each) => each !== href && sameArticle(each) === sameArticle(href));
  opener = link;
  document.querySelectorAll("a.current").forEach((each) => each.classList.remove("current"));
  exchange?.querySelectorAll(LINK).forEach((each) => {
    each.classList.toggle("current", each.getAttribute("href") === href);
  });
  const ours = (asked += 1);
  const html = await server.open_article({ href, also: also.slice(0, 50) });
  if (ours !== asked) return; // another link was followed, or the panel closed, in the meantime
  props.value = html;
  requestAnimationFrame(reveal);
}

function close() {
  asked += 1;
  props.value = "";
  document.querySelectorAll("a.current").forEach((each) => each.classList.remove("current"));
  if (opener?.isConnected) opener.focus();
}

function reveal() {
  const mark = element.querySelector("mark.cited");
  if (!mark) return;
  const scroller = element.closest("#reader");
  const space = scroller.clientHeight - mark.offsetHeight;
  const offset = mark.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scroller.scrollTo({ top: scroller.scrollTop + offset - Math.max(space / 3, 0), behavior: calm ? "instant" : "smooth" });
  element.querySelector("h2")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(LINK);
  if (link) {
    event.preventDefault();
    open(link);
  } else if (event.target.closest?.("[data-close]")) {
    close();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector("article")) close();
});

// One question at a time: a second one would take the place of the stream that shows the first one's answer.
const shownNumber = () => document.querySelector("#live [data-exchange]")?.dataset.exchange ?? "";
const sent = { at: -Infinity, after: "" };

function send(event, text) {
  const unseen = performance.now() - sent.at < 5000;
  if (unseen || document.querySelector('#live [aria-busy="true"]') || !text.trim()) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else {
    Object.assign(sent, { at: performance.now(), after: shownNumber() });
  }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("#question textarea") && !event.isComposing;
  if (typing && event.key === "Enter" && !event.shiftKey) send(event, event.target.value);
}, true);

document.addEventListener("click", (event) => {
  if (event.target.closest?.("#ask")) send(event, document.querySelector("#question textarea").value);
}, true);

// A new question goes to the top of the view once; after that the page stands still while its answer grows. Where it is
// shown may not be in the page yet when this script runs.
let latest = "";
new MutationObserver(() => {
  const number = shownNumber();
  if (number !== sent.after) sent.at = -Infinity;
  if (number && number !== latest) document.getElementById("live").scrollIntoView({ block: "start" });
  latest = number;
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-exchange"] });
