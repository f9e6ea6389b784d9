/**
 * The other files of the build, and how they are fetched: from where the loader came, on first
 * intent, each checked against its hash where the browser can.
 */

/** @typedef {{panel: string, languages: string}} Files `languages`: the hash of all of them */

/** The script that runs, unless an element of that name (`<img name=currentScript>`) hides it. */
const running = document.currentScript;
export const script = running instanceof HTMLScriptElement ? running : null;

/**
 * Where Parlance is, by the address of a script that came from there.
 *
 * @param {HTMLScriptElement | null} one
 */
export const homeOf = (one) => one?.src.replace(/\/widget(\.js|\/).*/, "");

/** Where the loader came from; undefined when nobody can tell: then the page says `apiUrl`. */
export const home = homeOf(script);

/** How a file's name ends: the SHA-256 of its content in base64url, then ".js". */
const NAMED_HASH = /([\w-]{43})\.js$/;

/** @param {string} file */
function integrityOf(file) {
  const hash = NAMED_HASH.exec(file)?.[1] ?? "";
  return `sha256-${hash.replace(/-/g, "+").replace(/_/g, "/")}=`;
}

/**
 * A module of the build. Its integrity is checked by preloading it, since `import()` itself takes
 * none; a module that fails the check is not run.
 *
 * @param {string} apiUrl
 * @param {string} file
 * @returns {Promise<any>}
 */
export async function load(apiUrl, file) {
  const address = `${apiUrl}/widget/${file}`;
  const link = document.createElement("link");
  if (link.relList.supports("modulepreload")) {
    await new Promise((fulfil, reject) => {
      link.onload = fulfil;
      link.onerror = () => reject(new Error(`${address} cannot be loaded.`));
      link.rel = "modulepreload";
      link.crossOrigin = "anonymous";
      link.integrity = integrityOf(file);
      link.nonce = script?.nonce ?? "";
      link.href = address;
      document.head.append(link);
    }).finally(() => link.remove());
  }
  return import(address);
}
