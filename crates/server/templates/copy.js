// Offers to copy the link of the page. Without it the link can be selected and copied by hand.
"use strict";

const link = document.getElementById("link");
const button = document.getElementById("copy");
const copied = document.getElementById("copied");

button.hidden = false;
button.addEventListener("click", async () => {
  copied.textContent = "";
  try {
    await navigator.clipboard.writeText(link.value);
    copied.textContent = "Copied";
  } catch {
    link.focus();
    link.select();
    copied.textContent = "Selected: copy it with your keyboard";
  }
});
