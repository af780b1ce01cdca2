// Tables: sorting, search, all rows, CSV. A cell is a text, or [value, text].
"use strict";

class Table {
  constructor(element) {
    const data = JSON.parse(element.querySelector("script.rows").textContent);
    this.element = element;
    this.names = data.names;
    this.rows = data.rows;
    this.body = element.querySelector("tbody");
    this.count = element.querySelector(".count");
    this.note = this.count.textContent;
    this.heads = [...element.querySelectorAll("th")];
    this.limit = 50;
    this.search = "";
    this.column = -1;
    this.direction = 1;
    this.heads.forEach((head, column) => this.makeSortable(head, column));
    this.listen("input", "input", (event) => { this.search = event.target.value; this.draw(); });
    this.listen(".csv", "click", () => this.download());
    this.listen(".all", "click", (event) => {
      this.limit = Infinity;
      event.target.remove();
      this.draw();
    });
  }

  listen(selector, event, action) {
    const target = this.element.querySelector(selector);
    if (target) target.addEventListener(event, action);
  }

  makeSortable(head, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      // Numbers begin with the largest, texts with A.
      const first = head.classList.contains("n") ? -1 : 1;
      this.direction = this.column === column ? -this.direction : first;
      this.column = column;
      this.heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending");
      this.draw();
    });
  }

  static value(cell) { return Array.isArray(cell) ? cell[0] : cell; }

  static text(cell) { return Array.isArray(cell) ? cell[1] : cell; }

  static compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  chosen() {
    const wanted = this.search.trim().toLowerCase();
    const rows = this.rows.filter((row) =>
      !wanted || row.flat().some((part) => String(part).toLowerCase().includes(wanted)));
    if (this.column < 0) return rows;
    const missing = (row) => Table.value(row[this.column]) === "";
    const known = rows.filter((row) => !missing(row));
    known.sort((a, b) => this.direction
      * Table.compare(Table.value(a[this.column]), Table.value(b[this.column])));
    return [...known, ...rows.filter(missing)]; // what is missing stands last, either way
  }

  draw() {
    const rows = this.chosen();
    const shown = rows.slice(0, this.limit).map((row) => {
      const line = document.createElement("tr");
      row.forEach((cell, column) => {
        const entry = document.createElement("td");
        entry.textContent = Table.text(cell);
        if (this.heads[column].classList.contains("n")) entry.className = "n";
        else if (entry.textContent.length > 40) entry.className = "w";
        line.append(entry);
      });
      return line;
    });
    this.body.replaceChildren(...shown);
    const found = this.search.trim() ? `${rows.length} of ${this.rows.length} rows found. ` : "";
    this.count.textContent = found + this.note;
  }

  csv() {
    const quoted = (value) => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    const lines = [this.names, ...this.rows.map((row) => row.map(Table.value))];
    return lines.map((line) => line.map((v) => quoted(String(v))).join(",") + "\r\n").join("");
  }

  download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv" }));
    link.download = `${this.element.dataset.view}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

// A table is read when its details are opened, or when it is used.
document.querySelectorAll(".table").forEach((element) => {
  const details = element.closest("details");
  const make = () => { element.table ??= new Table(element); };
  if (!details || details.open) make();
  else details.addEventListener("toggle", make, { once: true });
});
