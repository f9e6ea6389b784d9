import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Window } from "happy-dom";
import { isTaken } from "../src/live.js";
import { Memory } from "../src/memory.js";

const NAME = "parlance:chat.example:key";

beforeEach(() => {
  const { localStorage, sessionStorage } = new Window({ url: "https://shop.example/" });
  for (const [name, value] of Object.entries({ localStorage, sessionStorage }))
    Object.defineProperty(globalThis, name, { value, configurable: true });
});

/** @param {string | null} user */
function memoryOf(user) {
  const memory = new Memory(NAME);
  memory.user = user;
  return memory;
}

/** @param {string | null} oldValue */
const event = (oldValue) =>
  /** @type {StorageEvent} */ ({ key: NAME, oldValue, newValue: localStorage.getItem(NAME) });

test("what another tab has forgotten does not come back", () => {
  const [one, two] = [memoryOf("ada"), memoryOf("ada")];
  two.keep({ token: "ada's", conversationId: "c" });
  one.forget();
  two.keep({ cursor: "7" });
  assert.deepEqual(two.recall(), { cursor: "7", user: "ada" });
});

test("what was kept for somebody else is not read", () => {
  memoryOf("ada").keep({ token: "ada's" });
  for (const user of [null, "bob", ""]) assert.deepEqual(memoryOf(user).recall(), {});
  assert.deepEqual(new Memory(NAME).recall(), {}, "nor before it is known who this is");
  assert.equal(memoryOf("ada").recall().token, "ada's");
});

test("where storage is full the newer one counts", () => {
  const memory = memoryOf(null);
  memory.keep({ token: "old" });
  Object.defineProperty(globalThis, "localStorage", {
    value: {
      getItem: localStorage.getItem.bind(localStorage),
      setItem() {
        throw new Error("QuotaExceededError");
      },
    },
    configurable: true,
  });
  memory.keep({ token: "new" });
  assert.equal(memory.recall().token, "new");
});

test("a tab notices that another one has taken its visitor away", () => {
  const memory = memoryOf("ada");
  memory.keep({ token: "one" });
  const before = localStorage.getItem(NAME);
  memory.keep({ token: "renewed" });
  assert.equal(isTaken(memory, event(before)), false);
  memoryOf(null).keep({ token: "a stranger's" });
  assert.equal(isTaken(memory, event(before)), true);
  localStorage.removeItem(NAME);
  assert.equal(isTaken(memory, event(before)), true);
  assert.equal(isTaken(memory, event(null)), false, "nothing was there to take");
});
