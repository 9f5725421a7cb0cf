// What was chosen stands beside the button that moves there, however far down the list it was.
const says = document.querySelector('[data-chosen]');
const say = () => {
  const chosen = document.querySelector('input[name=start]:checked');
  says.textContent = chosen ? `${chosen.closest('fieldset').querySelector('legend').textContent} ${chosen.nextElementSibling.textContent}` : '';
};
if (says) {
  document.addEventListener('change', say);
  say();
}
