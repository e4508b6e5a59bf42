// Tells the values of the place that the pointer is nearest to.
for (const figure of document.querySelectorAll('figure')) {
  const data = figure.querySelector('script.points');
  if (!data) continue;
  const points = JSON.parse(data.textContent);
  const plot = figure.querySelector('.plot');
  const add = (name, parent) => {
    const element = document.createElement('span');
    element.className = name;
    return parent.appendChild(element);
  };
  const mark = add('mark', plot);
  const tip = add('tip', plot);
  const title = add('run', tip);
  const values = add('values', tip);
  tip.setAttribute('role', 'status');
  const hide = () => { mark.hidden = tip.hidden = true; };
  const show = event => {
    const box = plot.getBoundingClientRect();
    let near = null;
    let least = 40 ** 2;
    for (const point of points) {
      const across = point.left / 1000 * box.width - (event.clientX - box.left);
      const down = point.top / 1000 * box.height - (event.clientY - box.top);
      const distance = across ** 2 + down ** 2;
      if (distance < least) [near, least] = [point, distance];
    }
    if (!near) return hide();
    mark.hidden = tip.hidden = false;
    mark.style.cssText = `left: ${near.left / 10}%; top: ${near.top / 10}%; border-color: ${near.color}`;
    title.textContent = near.title;
    values.textContent = near.text;
    const side = near.left < 500 ? `left: calc(${near.left / 10}% + 12px)` : `right: calc(${100 - near.left / 10}% + 12px)`;
    const height = near.top < 500 ? `top: calc(${near.top / 10}% + 12px)` : `bottom: calc(${100 - near.top / 10}% + 12px)`;
    tip.style.cssText = `${side}; ${height}`;
  };
  hide();
  plot.addEventListener('pointermove', show);
  plot.addEventListener('pointerdown', show);
  plot.addEventListener('pointerleave', hide);
}
