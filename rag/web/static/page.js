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
  const latest = (asked += 1);
  const html = await server.open_article({ href, also: also.slice(0, 50) });
  if (latest !== asked) return;
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

// Keep the end of a growing answer in view, unless the reader has scrolled away from it.
let following = true;
addEventListener("scroll", () => {
  following = innerHeight + scrollY >= document.documentElement.scrollHeight - 120;
}, { passive: true });
const live = document.getElementById("live");
if (live) {
  new MutationObserver(() => {
    if (following && live.querySelector('[aria-busy="true"]')) scrollTo(0, document.documentElement.scrollHeight);
  }).observe(live, { childList: true, subtree: true, characterData: true });
}
