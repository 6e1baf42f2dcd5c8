"use strict";
const root = document.documentElement;
const page = JSON.parse(document.getElementById("data").textContent);
const quiet = { displayModeBar: false, displaylogo: false, showSendToCloud: false, showTips: false, responsive: true };

/* A leaf that differs between the languages is {en, zh}; everything else is shared. */
function pick(tree, language) {
  if (Array.isArray(tree)) return tree.map((item) => pick(item, language));
  if (tree === null || typeof tree !== "object") return tree;
  if ("en" in tree && "zh" in tree) return tree[language];
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, pick(item, language)]));
}

/* With a view box, print can scale a figure that was laid out for the screen. */
function frame(plot) {
  for (const svg of plot.querySelectorAll(".main-svg")) {
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  }
}

function press(name, value) {
  for (const button of document.querySelectorAll(`button[data-${name}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[name] === value));
  }
}

function speak(language) {
  root.lang = language;
  document.title = pick(page.title, language);
  for (const element of document.querySelectorAll("[data-en]")) {
    element.setAttribute("aria-label", element.dataset[language]);
  }
  for (const [id, figure] of Object.entries(page.figures)) {
    const plot = document.getElementById(id);
    Plotly.react(plot, pick(figure.data, language), pick(figure.layout, language), quiet);
    frame(plot);
  }
  press("language", language);
}

function paint(theme) {
  root.dataset.theme = theme;
  press("theme", theme);
}

/* Where a figure holds a picture of every point, the one under the pointer is shown beside it. */
const seen = document.createElement("img");
seen.className = "seen";
seen.alt = "";
seen.hidden = true;
if (Object.values(page.figures).some((figure) => figure.layout.meta?.pictures)) document.body.append(seen);

function see(pictures, { points: [point], event }) {
  const picture = pictures?.[point.customdata - 1];
  if (!picture) return;
  Object.assign(seen, { src: picture, hidden: false });
  Object.assign(seen.style, { left: `${event.clientX + 14}px`, top: `${event.clientY + 14}px` });
}

for (const button of document.querySelectorAll("button[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
for (const button of document.querySelectorAll("button[data-theme]")) {
  button.addEventListener("click", () => paint(button.dataset.theme));
}
for (const command of document.querySelectorAll(".command")) {
  command.querySelector("button").addEventListener("click", async () => {
    const code = command.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      command.classList.add("copied");
      setTimeout(() => command.classList.remove("copied"), 1500);
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
}

speak(root.lang);
for (const plot of document.querySelectorAll(".plot")) {
  plot.on("plotly_afterplot", () => frame(plot));
  plot.on("plotly_hover", (found) => see(plot.layout.meta?.pictures, found));
  plot.on("plotly_unhover", () => { seen.hidden = true; });
}
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => paint(dark.matches ? "dark" : "light"));
paint(dark.matches ? "dark" : "light");
document.querySelector("nav").hidden = false;
