/** @file A chart as a file of its own: what the page's styles make of it is written into it, so that it looks the same elsewhere. */

const KEPT = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
] as const;

/** Colours as every program reads them: a mix is what one pixel of it is. */
function plainColour(colour: string): string {
  if (!/^(oklab|color|color-mix|lab|oklch|lch)\(/.test(colour)) return colour;
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  if (canvas === null) return colour;
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgb(${r}, ${g}, ${b})`;
}

export function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [
    [svg, ...svg.querySelectorAll("*")],
    [copy, ...copy.querySelectorAll("*")],
  ];
  for (const [at, element] of to.entries()) {
    const source = from[at];
    element.removeAttribute("class");
    element.removeAttribute("style");
    // the title and the words name themselves within a file
    for (const name of ["id", "role", "aria-labelledby", "aria-describedby"]) element.removeAttribute(name);
    if (source === undefined || element.matches("title, desc, g")) continue;
    const style = getComputedStyle(source);
    for (const name of KEPT) element.setAttribute(name, plainColour(style.getPropertyValue(name)));
  }
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const { x, y } = svg.viewBox.baseVal;
  const plate = { x, y, width, height, fill: getComputedStyle(document.documentElement).backgroundColor };
  for (const [name, value] of Object.entries(plate)) ground.setAttribute(name, String(value));
  copy.querySelector("desc")?.after(ground);
  return new XMLSerializer().serializeToString(copy);
}
