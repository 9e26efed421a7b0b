/**
 * §4 Plays tapes (../tape.ts) on the cells of a witness generator, whose memory this module shares.
 *
 * A cell is a number of 32 bits, a form, and four words of 64 bits. Forms have a bit for "long" (the
 * words hold the value, else the number does) and one for "Montgomery" (the words hold it times 2^256).
 */
import {
  accumulate, addend, BASE, carry, clear, ELEMENT_BYTES, FIRST, ONE, pack, reduce, SECOND, TO_MONTGOMERY, UNIT, unpack, unpackNumber,
} from "./arithmetic";

const LONG: u32 = 0x8000_0000;
const MONTGOMERY: u32 = 0x4000_0000;
const CELL_BYTES: u32 = 40;
/** Products that fit the columns between two carries. */
const PRODUCTS_AT_ONCE: u32 = 6;

/**
 * Does what running the component would have done.
 *
 * A component whose inputs are those of its last run is left alone: its outputs depend on nothing else, and
 * nothing but its run writes them, so they still stand in its cells. A slot of the tape remembers the inputs;
 * it belongs to a component (by the address of its signals) only while its cells are complete.
 *
 * @param component its record, of which the second word is the address of its first cell
 * @param tape of its template
 * @returns 0, as a run without failed assertion does
 */
export function run(component: usize, tape: usize): i32 {
  const signals = load<u32>(component, 4);
  const slots = load<u32>(tape);
  const inputs = load<u32>(tape, 4);
  const stride = 4 + inputs * ELEMENT_BYTES;
  const program = tape + 8 + slots * stride;
  for (let k: u32 = 0; k < inputs; k++) {
    const input = program + 8 * k;
    read(load<u32>(input, 4), signals + load<u32>(input));
  }

  let slot: usize = 0;
  for (let k: u32 = 0; k < slots; k++) {
    slot = tape + 8 + k * stride;
    const owner = load<u32>(slot);
    if (owner == signals || owner == 0) break;
    slot = 0;
  }
  if (slot != 0) {
    let isSame = load<u32>(slot) == signals;
    store<u32>(slot, 0);
    for (let k: u32 = 0; k < inputs; k++) {
      const known = slot + 4 + k * ELEMENT_BYTES;
      const given = <usize>load<u32>(program + 8 * k, 4);
      for (let word: usize = 0; word < ELEMENT_BYTES; word += 4) {
        const value = load<u32>(given + word);
        if (load<u32>(known + word) != value) isSame = false;
        store<u32>(known + word, value);
      }
    }
    if (isSame) {
      store<u32>(slot, signals);
      return 0;
    }
  }
  play(program + 8 * inputs, signals);
  if (slot != 0) store<u32>(slot, signals);
  return 0;
}

function play(steps: usize, signals: usize): void {
  let at = steps + 4;
  for (let left = load<u32>(steps); left > 0; left--) {
    const header = load<u32>(at);
    const to = <usize>load<u32>(at, 4);
    at += 8;
    clear();
    const products = header & 0xff;
    for (let k: u32 = 0; k < products; k++) {
      if (k > 0 && k % PRODUCTS_AT_ONCE == 0) carry();
      accumulate(<usize>load<u32>(at), <usize>load<u32>(at, 4));
      at += 8;
    }
    for (let addends = (header >> 8) & 0xff; addends > 0; addends--) {
      addend(<usize>load<u32>(at));
      at += 4;
    }
    reduce(to);
    for (let cells = header >> 16; cells > 0; cells--) {
      write(signals + load<u32>(at), to);
      at += 4;
    }
  }
}

/** Reads a cell of any form. */
function read(to: usize, cell: usize): void {
  const form = load<u32>(cell, 4);
  if (form & MONTGOMERY) {
    unpack(to, cell + 8);
    return;
  }
  if (form & LONG) {
    unpack(to, cell + 8);
  } else {
    unpackNumber(to, <i64>load<i32>(cell));
  }
  clear();
  accumulate(to, BASE + TO_MONTGOMERY);
  reduce(to);
}

function write(cell: usize, from: usize): void {
  store<u32>(cell, 0);
  store<u32>(cell, LONG | MONTGOMERY, 4);
  pack(cell + 8, from);
}

/**
 * Writes the value of every wire, 32 bytes each.
 *
 * @param map which cell is wire 0, 1, …
 * @param cells the first signal's
 */
export function readWitness(map: usize, wires: u32, cells: usize, to: usize): void {
  const element = BASE + FIRST;
  for (let left = wires; left > 0; left--) {
    const cell = cells + load<u32>(map) * CELL_BYTES;
    const form = load<u32>(cell, 4);
    if ((form & LONG) == 0) {
      const number = load<i32>(cell);
      if (number < 0) {
        unpackNumber(element, number);
        pack(to, element);
      } else {
        store<u64>(to, number);
        store<u64>(to, 0, 8);
        v128.store(to, i64x2.splat(0), 16);
      }
    } else if (form & MONTGOMERY) {
      unpack(element, cell + 8);
      clear();
      accumulate(element, BASE + UNIT);
      reduce(element);
      pack(to, element);
    } else {
      v128.store(to, v128.load(cell, 8));
      v128.store(to, v128.load(cell, 24), 16);
    }
    map += 4;
    to += 32;
  }
}

/** `to` = x·y, of four words each in Montgomery form. */
export function multiply(x: usize, y: usize, to: usize): void {
  const first = BASE + FIRST;
  const second = BASE + SECOND;
  unpack(first, x);
  unpack(second, y);
  clear();
  accumulate(first, second);
  reduce(first);
  pack(to, first);
}

/** `to` = x². */
export function square(x: usize, to: usize): void {
  multiply(x, x, to);
}

/**
 * `to` = base^exponent by squaring from the exponent's highest bit.
 *
 * @param base four words in Montgomery form
 * @param exponent little-endian
 */
export function power(base: usize, exponent: usize, bytes: i32, to: usize): void {
  const result = BASE + FIRST;
  const factor = BASE + SECOND;
  unpack(factor, base);
  let isOne = true;
  for (let bit = 8 * bytes - 1; bit >= 0; bit--) {
    if (!isOne) {
      clear();
      accumulate(result, result);
      reduce(result);
    }
    if (((load<u8>(exponent + (bit >> 3)) >> <u8>(bit & 7)) & 1) == 0) continue;
    if (isOne) {
      unpack(result, base);
      isOne = false;
    } else {
      clear();
      accumulate(result, factor);
      reduce(result);
    }
  }
  pack(to, isOne ? BASE + ONE : result);
}
