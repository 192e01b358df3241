// The chat page: puts its parts together.

import { Api } from "./api.js";
import { keepLabels } from "./clipboard.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { language, translate, translator } from "./i18n.js";
import { Shelf } from "./keep.js";

const account = decodeURIComponent(location.pathname.split("/").filter(Boolean).pop());

async function boot() {
  const lang = language();
  const t = await translator(lang);
  document.documentElement.lang = lang === "zh" ? "zh-CN" : lang;
  translate(document, t);
  byId("notice-more").textContent = t("noticeMore");
  keepLabels(byId("messages"));
  fitKeyboard();
  const shelf = new Shelf(account);
  const api = new Api(account, shelf, t, () => location.reload());
  await new Conversation(api, shelf, t, lang).begin();
}

// iOS lays the keyboard over the page and tells it only here.
function fitKeyboard() {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    document.documentElement.style.setProperty("--height", `${seen.height * seen.scale}px`);
    if (seen.scale === 1) scrollTo(0, 0);
  };
  seen.addEventListener("resize", fit);
  fit();
}

boot();
