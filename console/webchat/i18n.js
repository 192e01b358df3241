// The words of the page, by language.

const LANGUAGES = ["zh", "en"];

/** Give the language of the page: `?lang=`, else the browser's, else Chinese. */
export function language() {
  const asked = new URLSearchParams(location.search).get("lang") || navigator.language || "";
  return LANGUAGES.find((each) => asked.toLowerCase().startsWith(each)) || LANGUAGES[0];
}

/** Load a catalogue; gives a function from key and values to words. */
export async function translator(lang) {
  const response = await fetch(`/chat/static/${lang}.json`);
  const catalogue = await response.json();
  return (key, values = {}) =>
    catalogue[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Fill in what the page's markup leaves to the catalogue. */
export function translate(root, t) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) {
    element.setAttribute("placeholder", t(element.dataset.tPlaceholder));
  }
}

/** Say when something was, as people do: just now, minutes ago, a time, a day. */
export function sayWhen(date, now, lang, t) {
  const minutes = Math.floor((now - date) / 60000);
  if (minutes < 1) return t("justNow");
  const locale = lang === "zh" ? "zh-CN" : "en";
  if (minutes < 60) {
    return new Intl.RelativeTimeFormat(locale, { numeric: "always" }).format(-minutes, "minute");
  }
  const time = date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
  const days = Math.round((midnight(now) - midnight(date)) / 86400000);
  if (days === 0) return time;
  if (days === 1) return t("yesterday", { time });
  return `${date.toLocaleDateString(locale, { month: "long", day: "numeric" })} ${time}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}
