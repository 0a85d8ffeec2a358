// Said once in a bundle instead of in full at every use.
const { abs, ceil, floor, hypot, log10, max, min, round } = Math;
const { isFinite: isNumber, NaN: none, NEGATIVE_INFINITY: least, POSITIVE_INFINITY: most } = Number;
const now = () => performance.now();

export {
  abs as "Math.abs",
  ceil as "Math.ceil",
  floor as "Math.floor",
  hypot as "Math.hypot",
  isNumber as "Number.isFinite",
  least as "Number.NEGATIVE_INFINITY",
  log10 as "Math.log10",
  max as "Math.max",
  min as "Math.min",
  most as "Number.POSITIVE_INFINITY",
  none as "Number.NaN",
  now as "performance.now",
  round as "Math.round",
};
