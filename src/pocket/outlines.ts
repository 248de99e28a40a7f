/**
 * @file The five shapes as signed distances: how far a point is from the outline, negative inside.
 * y points down, as in the picture. All shapes look equally large at equal radius.
 */
import type { Shape } from "./grammar.ts";

type Point = readonly [x: number, y: number];

/** Math.hypot guards against overflow and is ten times slower. */
function length(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** Corners on the unit circle from the top, clockwise, at the given radii in turn. */
function corners(count: number, radii: readonly number[], turn = 0): readonly Point[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * (i + turn)) / count;
    const radius = radii[i % radii.length] as number;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

/** `soft` rounds the corners: the polygon shrinks by it and the outline lies that far outside. */
function polygon(points: readonly Point[], soft: number): (x: number, y: number) => number {
  const edges = points.map(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length] as Point;
    return { ax, ay, bx, by, ex: bx - ax, ey: by - ay, inverse: 1 / ((bx - ax) ** 2 + (by - ay) ** 2) };
  });
  return (x, y) => {
    let nearest = Number.POSITIVE_INFINITY;
    let inside = false;
    for (const { ax, ay, by, ex, ey, inverse } of edges) {
      const px = x - ax;
      const py = y - ay;
      const along = Math.min(1, Math.max(0, (px * ex + py * ey) * inverse));
      const dx = px - along * ex;
      const dy = py - along * ey;
      nearest = Math.min(nearest, dx * dx + dy * dy);
      // A ray to the right crosses this edge: inside after an odd number of crossings.
      if (ay > y !== by > y && px < (py * ex) / ey) inside = !inside;
    }
    return (inside ? -1 : 1) * Math.sqrt(nearest) - soft;
  };
}

/** A square standing on its corner, with a half circle on each of its two upper sides: side 2a, tip at (0, tip). */
function heart(a: number, tip: number): (x: number, y: number) => number {
  const half = a * Math.SQRT1_2;
  return (x, y) => {
    const u = Math.abs(x) - half; // from the middle of the upper right side, which is (half, tip - 3 half)
    const v = tip - 3 * half - y; // upwards
    if (u + v > 0) return length(u, v) - a;
    const notch = length(u + half, v - half);
    const px = u + half; // from the tip, upwards: the lower side is the diagonal px = py
    const py = tip - y;
    const along = Math.min(2 * half, Math.max(0, (px + py) / 2));
    const side = length(px - along, py - along);
    return px > py ? side : -Math.min(side, notch);
  };
}

/** No outline of radius 1 leaves the square |x|, |y| <= REACH. */
export const REACH = 1.3;

/** Distance to the outline of the shape of radius 1 round the origin. */
export const outlines: { readonly [S in Shape]: (x: number, y: number) => number } = {
  circle: (x, y) => length(x, y) - 1,
  square: polygon(corners(4, [1.13], 0.5), 0.08),
  triangle: polygon(
    corners(3, [1.22]).map(([x, y]) => [x, y + 0.24]),
    0.06,
  ),
  star: polygon(
    corners(10, [1.24, 0.54]).map(([x, y]) => [x, y + 0.06]),
    0.04,
  ),
  heart: heart(0.66, 1.08),
};
