/** The page's language from its address, before anything is drawn. A page of one language has none of this. */
(() => {
  const wanted = new URLSearchParams(location.search).get("lang");
  if (!wanted || !/^[a-z]{2}$/.test(wanted)) return;
  document.documentElement.lang = wanted;
  document.documentElement.dir = wanted === "ar" ? "rtl" : "ltr";
})();
