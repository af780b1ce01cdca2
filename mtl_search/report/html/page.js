// Copying of code, contents that begin closed on a phone, and what is opened for paper.
"use strict";

document.querySelectorAll("button.copy").forEach((button) => {
  const label = button.firstChild;
  button.addEventListener("click", async () => {
    const code = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(code.textContent);
      label.data = "Copied";
    } catch {
      // Without permission the text is selected, for the keyboard to copy.
      getSelection().selectAllChildren(code);
      label.data = "Selected";
    }
    setTimeout(() => { label.data = "Copy"; }, 2000);
  });
});

if (matchMedia("(max-width: 77.9rem)").matches) {
  document.querySelector("nav details").open = false;
}

const onPaper = document.querySelectorAll(".rest, .checks details");
addEventListener("beforeprint", () => onPaper.forEach((one) => { one.open = true; }));
addEventListener("afterprint", () => onPaper.forEach((one) => { one.open = false; }));
