"use strict";
// Tags and their values: a person accepts them or strikes them out, by mouse or keyboard, and saves a strikes file.
(function () {
  const STEP = 150;
  const FOLDED = 8;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const list = byId("list"), find = byId("find"), show = byId("show"), markSelect = byId("mark");
  const choices = new Map();
  for (const entry of data.accepted) choices.set(entry, "accepted");
  for (const entry of data.strike) choices.set(entry, "struck");
  let saved = true, rows = [], drawn = 0;

  const number = (n) => n.toLocaleString("en");
  const counted = (n, word) => number(n) + " " + word + (n === 1 ? "" : "s");

  const tags = data.tags.map((each) => {
    const tag = { ...each, kind: "tag", entry: each.tag };
    tag.asks = each.marks.length > 0 || Object.keys(each.moreMarks).length > 0;
    tag.values = each.values.map(([text, entry, seen, files, subjects, example, marks]) => ({
      kind: "value", tag, text, entry, seen, files, subjects, example, marks, asks: marks.length > 0,
    }));
    tag.words = tag.tag.toLowerCase();
    tag.open = false;
    const marked = tag.values.filter((value) => value.asks);
    tag.shared = marked.length > 1 ? marked[0].marks.filter((mark) => marked.every((value) => value.marks.includes(mark))) : [];
    return tag;
  });

  function choiceOf(each) {
    const own = choices.get(each.entry);
    const whole = each.kind === "value" ? choices.get(each.tag.entry) : undefined;
    if (own === "struck" || whole === "struck") return "struck";
    return own || whole || "open";
  }

  const isOpen = (each) => each.asks && choiceOf(each) === "open";

  function count() {
    let all = 0, open = 0;
    for (const tag of tags) {
      for (const each of [tag, ...tag.values]) {
        all += each.asks;
        open += isOpen(each);
      }
      all += tag.hiddenMarked;
      open += choiceOf(tag) === "open" ? tag.hiddenMarked : 0;
    }
    byId("left").textContent = number(open);
    byId("headline").textContent = open ? counted(open, "suspicious value") + " to decide" : "Everything suspicious is decided";
    byId("done").textContent = number(all - open) + " of " + number(all) + " decided" + (saved ? "" : ", unsaved");
    byId("progress").value = all ? (all - open) / all : 1;
  }

  function marksOf(tag) {
    return new Set([...tag.marks, ...Object.keys(tag.moreMarks), ...tag.values.flatMap((value) => value.marks)]);
  }

  function wanted(each) {
    if (show.value === "open") return isOpen(each) || (each.kind === "tag" && each.hiddenMarked > 0 && choiceOf(each) === "open");
    if (show.value === "marked") return each.asks || (each.kind === "tag" && each.hiddenMarked > 0);
    if (show.value === "decided") return choiceOf(each) !== "open";
    return true;
  }

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const mark = markSelect.value;
    rows = [];
    for (const tag of tags) {
      const values = tag.values.filter(
        (each) =>
          wanted(each) && (!mark || each.marks.includes(mark)) &&
          words.every((word) => tag.words.includes(word) || each.text.toLowerCase().includes(word))
      );
      const itself = wanted(tag) && (!mark || marksOf(tag).has(mark)) && words.every((word) => tag.words.includes(word));
      if (!values.length && !itself) continue;
      const few = tag.open || values.length <= FOLDED + 2;
      rows.push(tag, ...(few ? values : values.slice(0, FOLDED)));
      if (!few) rows.push({ kind: "fold", tag, rest: values.slice(FOLDED) });
      if (tag.more && !words.length) rows.push({ kind: "rest", tag });
    }
    list.replaceChildren();
    drawn = 0;
    drawMore();
    const empty = byId("empty");
    empty.hidden = rows.length > 0;
    empty.textContent = show.value === "open" && !words.length && !mark
      ? "Nothing is left to decide. Save strikes.toml to keep your decisions."
      : "Nothing fits.";
  }

  function drawMore() {
    const next = rows.slice(drawn, drawn + STEP);
    list.append(...next.map(element));
    drawn += next.length;
    byId("more").parentElement.hidden = drawn >= rows.length;
  }

  function make(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function why(marks, sentences) {
    const made = make("span", "why");
    marks.forEach((mark, place) => {
      made.append(make("em", "", mark), ": " + (sentences[place] || data.marks[mark]) + (place < marks.length - 1 ? " " : ""));
    });
    return made;
  }

  function button(kind, each) {
    const made = make("button", kind, kind === "accept" ? (each.kind === "tag" ? "Accept all" : "Accept") : (each.kind === "tag" ? "Strike all" : "Strike"));
    made.type = "button";
    made.tabIndex = -1;
    made.addEventListener("click", () => decide(each, kind === "accept" ? "accepted" : "struck"));
    return made;
  }

  function element(each) {
    if (each.kind === "rest") {
      return make("div", "row rest", "And " + number(each.tag.more) + " times other values, about " + number(each.tag.counts[3]) + " different ones in all; audit.tsv lists more. Decide on the tag as a whole.");
    }
    if (each.kind === "fold") return fold(each);
    const row = make("div", "row" + (each.kind === "tag" ? " head" : ""));
    row.tabIndex = 0;
    row.setAttribute("role", "listitem");
    const what = make("div", "what"), often = make("div", "how-often");
    if (each.kind === "tag") {
      what.append(make("b", "", each.tag), make("span", "where", place(each.place)));
      const more = Object.entries(each.moreMarks);
      const own = [...each.marks, ...each.shared];
      const marks = [...own, ...more.map(([mark]) => mark)];
      if (marks.length) what.append(why(marks, [...own.map((mark) => data.marks[mark]), ...more.map(([, n]) => number(n) + " times in values that are not listed.")]));
      often.append(counted(each.counts[3], "value"), make("small", "", "in " + counted(each.counts[1], "file")));
    } else {
      what.append(each.text ? make("span", "value", each.text) : make("span", "value none", "empty"));
      const marks = each.marks.filter((mark) => !each.tag.shared.includes(mark));
      if (marks.length) what.append(why(marks, []));
      often.append(counted(each.files, "file"), make("small", "", counted(each.subjects, "subject")));
      row.title = "For example in " + each.example;
    }
    const buttons = make("div", "choices");
    buttons.append(button("accept", each), button("strike", each));
    row.append(what, often, buttons);
    row.addEventListener("keydown", (event) => onKey(event, each, row));
    each.row = row;
    paint(each);
    return row;
  }

  function fold(each) {
    const row = make("div", "row fold"), open = make("button", "", "Show " + number(each.rest.length) + " more");
    open.type = "button";
    row.append(open);
    open.addEventListener("click", () => {
      each.tag.open = true;
      const at = rows.indexOf(each), made = each.rest.map(element);
      rows.splice(at, 1, ...each.rest);
      drawn += each.rest.length - 1;
      row.replaceWith(...made);
      made[0].focus();
    });
    open.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
      if (step) { move(row, step); event.preventDefault(); }
    });
    return row;
  }

  function place(name) {
    if (!name) return "in sidecars";
    return {
      name: "in names of files and folders", nifti: "in NIfTI headers", mgh: "in MGH headers", gzip: "in gzip headers",
      text: "in texts", "not read": "was not looked into", dataset_description: "in dataset_description.json",
    }[name] || "in " + name;
  }

  function paint(each) {
    if (!each.row) return;
    const choice = choiceOf(each), own = choices.get(each.entry);
    each.row.classList.toggle("accepted", choice === "accepted");
    each.row.classList.toggle("struck", choice === "struck");
    each.row.querySelector(".accept").setAttribute("aria-pressed", String(choice === "accepted"));
    each.row.querySelector(".strike").setAttribute("aria-pressed", String(choice === "struck"));
    let note = each.row.querySelector(".by-tag");
    const text = choice !== "open" && choice !== own ? "with the whole tag" : "";
    if (text && !note) each.row.querySelector(".how-often").append((note = make("span", "by-tag")));
    if (note) note.textContent = text;
  }

  function decide(each, choice) {
    if (choice === undefined || choices.get(each.entry) === choice) choices.delete(each.entry);
    else choices.set(each.entry, choice);
    saved = false;
    paint(each);
    if (each.kind === "tag") each.values.forEach(paint);
    count();
    const now = choiceOf(each);
    byId("said").textContent = each.entry.slice(0, 80) + ": " + now + ". " + byId("left").textContent + " to decide.";
  }

  function rowFrom(row, step) {
    let next = row;
    do {
      next = step > 0 ? next.nextElementSibling : next.previousElementSibling;
    } while (next && next.classList.contains("rest"));
    if (!next && step > 0 && drawn < rows.length) {
      drawMore();
      next = row.nextElementSibling;
    }
    return next;
  }

  function goTo(row) {
    if (!row) return;
    (row.classList.contains("fold") ? row.firstElementChild : row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function move(row, step) {
    goTo(rowFrom(row, step));
  }

  function onKey(event, each, row) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
    const target = event.shiftKey && each.kind === "value" ? each.tag : each;
    const key = event.key.toLowerCase();
    if (key === "arrowdown" || key === "j") move(row, 1);
    else if (key === "arrowup" || key === "k") move(row, -1);
    else if (key === "a" || key === "s") {
      const choice = key === "a" ? "accepted" : "struck";
      if (choices.get(target.entry) !== choice) decide(target, choice);
      if (event.shiftKey || target.kind === "tag") {
        let next = row;
        while (next && next === row || (next && !next.classList.contains("head"))) next = rowFrom(next, 1);
        goTo(next);
      } else move(row, 1);
    } else if (key === "u") decide(target, undefined);
    else return;
    event.preventDefault();
  }

  function toml() {
    const quote = (text) =>
      JSON.stringify(text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")).replace(/\u007f/g, "\\u007f");
    const lines = (choice) =>
      [...choices].filter(([, made]) => made === choice).map(([entry]) => "    " + quote(entry) + ",\n").sort().join("");
    const array = (name, choice) => name + " = [" + (lines(choice) ? "\n" + lines(choice) : "") + "]\n";
    return "# Decisions on the values of a data set. It may name people: do not share it.\n" + array("accepted", "accepted") + array("strike", "struck");
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([toml()], { type: "application/toml" }));
    link.download = "strikes.toml";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    saved = true;
    count();
    byId("said").textContent = "Saved strikes.toml.";
  }

  function toggleHelp() {
    const keys = byId("keys");
    keys.hidden = !keys.hidden;
    byId("help").setAttribute("aria-expanded", String(!keys.hidden));
  }

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") save();
    else if (typing) {
      if (event.key !== "Escape") return;
      event.target.blur();
    } else if (event.key === "/") find.focus();
    else if (event.key === "?") toggleHelp();
    else if ((event.key === "ArrowDown" || event.key === "j") && !event.defaultPrevented && !list.contains(document.activeElement) && list.firstElementChild) list.firstElementChild.focus();
    else return;
    event.preventDefault();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!saved) event.preventDefault();
  });
  find.addEventListener("input", filter);
  show.addEventListener("change", filter);
  markSelect.addEventListener("change", filter);
  byId("more").addEventListener("click", drawMore);
  byId("save").addEventListener("click", save);
  byId("help").addEventListener("click", toggleHelp);

  const used = new Set(tags.flatMap((tag) => [...marksOf(tag)]));
  for (const mark of Object.keys(data.marks).filter((each) => used.has(each))) markSelect.append(new Option(mark, mark));
  count();
  if (byId("left").textContent === "0") show.value = used.size ? "marked" : "all";
  filter();
})();
