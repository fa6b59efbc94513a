// What a page needs whichever viewer is on it: where to look from, and how its picture compares with ours.

// Squares along a side of the picture. Another light and another sampling change little in squares of this size.
const SQUARES = 32;
// Where nothing is drawn: about what we draw there, and no surface's colour to the last bit.
export const SKY = [216, 225, 239];
// A viewer that has had nothing to load for so many frames has loaded all: some steps take it a few.
export const QUIET_FRAMES = 30;

// { position, orientation (x, y, z, w), fov_radians (vertical), width, height }: metres, Y up.
export async function view() {
  return (await fetch("/view.json")).json();
}

export const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

async function pixels(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

// Mean brightness of each square, row after row.
function squares(data, size) {
  const sums = new Float64Array(SQUARES * SQUARES);
  const counts = new Float64Array(SQUARES * SQUARES);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const pixel = 4 * (y * size + x);
      const square = Math.floor((y * SQUARES) / size) * SQUARES + Math.floor((x * SQUARES) / size);
      sums[square] += 0.2126 * data[pixel] + 0.7152 * data[pixel + 1] + 0.0722 * data[pixel + 2];
      counts[square] += 1;
    }
  }
  return sums.map((sum, square) => sum / counts[square]);
}

// Pearson's correlation.
function correlation(a, b) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squareA, squareB] = [0, 0, 0];
  a.forEach((value, index) => {
    both += (value - meanA) * (b[index] - meanB);
    squareA += (value - meanA) ** 2;
    squareB += (b[index] - meanB) ** 2;
  });
  return both / Math.sqrt(squareA * squareB);
}

function count(data) {
  const colours = new Set();
  let empty = 0;
  for (let pixel = 0; pixel < data.length; pixel += 4) {
    const [r, g, b] = [data[pixel], data[pixel + 1], data[pixel + 2]];
    if (SKY[0] === r && SKY[1] === g && SKY[2] === b) empty += 1;
    colours.add((r << 16) | (g << 8) | b);
  }
  return { empty: (4 * empty) / data.length, colours: colours.size };
}

// How a picture, square and just drawn, compares with ours as it is, mirrored and upended.
export async function look(canvas) {
  const size = canvas.width;
  const theirs = await pixels(canvas, size, size);
  const image = await createImageBitmap(await (await fetch("/ours.png")).blob());
  const [their, our] = [squares(theirs, size), squares(await pixels(image, size, size), size)];
  const at = (of) => our.map((_, square) => our[of(Math.floor(square / SQUARES), square % SQUARES)]);
  return {
    likeness: correlation(their, our),
    mirrored: correlation(their, at((row, column) => row * SQUARES + SQUARES - 1 - column)),
    upended: correlation(their, at((row, column) => (SQUARES - 1 - row) * SQUARES + column)),
    ...count(theirs),
  };
}
