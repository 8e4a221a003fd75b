/** Colours hold a contrast of 4.5 : 1 in both schemes (WCAG 2.2, AA). */
export const style = `
:root { color-scheme: light dark; --text: #1b1f24; --back: #fff; --line: #d0d7de; --soft: #f6f8fa; --note: #57606a;
  --danger: #b3261e; --warning: #7a4f01; --add: #dafbe1; --remove: #ffebe9; --focus: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0d1117; --line: #30363d; --soft: #161b22; --note: #9aa4ae;
  --danger: #ff8f87; --warning: #e3b341; --add: #12361f; --remove: #491c1b; --focus: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 0 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
header { position: sticky; top: 0; padding: .5rem 0; background: var(--back); border-bottom: 1px solid var(--line); z-index: 1; }
h1 { font-size: 1.25rem; margin: .25rem 0; overflow-wrap: anywhere; }
h2 { margin-top: 2rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
input { flex: 1 1 16rem; } input, button { font: inherit; padding: .25rem .5rem; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: .25rem; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--back); padding: .5rem; z-index: 2; }
ul { padding-left: 1.25rem; } .meaning { list-style: none; padding: 0; } .meaning li { padding: .25rem 0; border-bottom: 1px solid var(--line); }
.badge { display: inline-block; min-width: 5rem; font-weight: 600; } .danger .badge, .failed h2 { color: var(--danger); } .warning .badge { color: var(--warning); }
details { border: 1px solid var(--line); border-radius: .25rem; margin: .5rem 0; } summary { padding: .5rem; cursor: pointer; background: var(--soft); overflow-wrap: anywhere; }
.risk { font-weight: 600; margin-left: .5rem; } .note { color: var(--note); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; font-weight: inherit; }
thead th { color: var(--note); } ins { background: var(--add); text-decoration: none; } del { background: var(--remove); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .5rem; }
[hidden] { display: none; }
`;

/** Search hides what does not contain every word; matching details open while something is searched for. */
export const script = `
const items = [...document.querySelectorAll(".item")];
const texts = items.map((item) => item.textContent.toLowerCase());
const search = document.getElementById("search");
const count = document.getElementById("count");
function apply() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  items.forEach((item, index) => {
    const found = words.every((word) => texts[index].includes(word));
    item.hidden = !found;
    if (found) shown++;
    if (item.tagName === "DETAILS") item.open = words.length > 0 && found;
  });
  count.textContent = words.length > 0 ? shown + " of " + items.length : "";
}
search.addEventListener("input", apply);
// A link can carry a search: diff.html#q=loki
const linked = /^#q=(.*)$/.exec(location.hash);
if (linked) { search.value = decodeURIComponent(linked[1]); apply(); }
const fold = (open) => document.querySelectorAll("details:not([hidden])").forEach((item) => { item.open = open; });
document.getElementById("open").addEventListener("click", () => fold(true));
document.getElementById("close").addEventListener("click", () => fold(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
  if (event.key === "Escape" && document.activeElement === search) { search.value = ""; apply(); }
});
`;
