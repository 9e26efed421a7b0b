import { type Bounds, demandBounds, type Element, storedBounds } from "./element.ts";
import type { Field } from "./field.ts";
import { LIMBS } from "./limbs.ts";

/** The text of one generated AssemblyScript module, and fresh names for its locals. */
export class Program {
  readonly #lines: string[] = [];
  #names = 0;

  line(text: string): void {
    this.#lines.push(text);
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  /** A name that occurs nowhere else. */
  fresh(hint: string): string {
    this.#names++;
    return `${hint}_${this.#names}`;
  }

  /** A new constant local. */
  let(hint: string, expression: string): string {
    const name = this.fresh(hint);
    this.line(`  const ${name} = ${expression};`);
    return name;
  }

  /** Five new locals, one per limb. */
  limbs(hint: string, expression: (index: number) => string): string[] {
    return Array.from({ length: LIMBS }, (_, index) => this.let(hint, expression(index)));
  }

  /** A function; its parameters and result are AssemblyScript text. */
  function(signature: string, body: () => void): void {
    this.line(`export function ${signature} {`);
    body();
    this.line("}");
  }

  /** Loads an element (80 bytes, limb after limb, each in two lanes). */
  load(field: Field, hint: string, base: string, offset = 0, bounds?: Bounds): Element {
    const limbs = this.limbs(hint, (index) => `v128.load(${base}, ${offset + 16 * index})`);
    const { limbBounds, valueBound } = bounds ?? storedBounds(field);
    return { limbs, limbBounds, valueBound };
  }

  /** Loads an element that both lanes share (40 bytes, limb after limb). */
  loadShared(hint: string, base: string, { limbBounds, valueBound }: Bounds): Element {
    const limbs = this.limbs(hint, (index) => `v128.load64_splat(${base}, ${8 * index})`);
    return { limbs, limbBounds, valueBound };
  }

  /** Stores an element, demanding the bounds a later load assumes. */
  store(field: Field, element: Element, base: string, offset = 0, bounds?: Bounds): void {
    demandBounds(element, bounds ?? storedBounds(field), `store at ${base}+${offset}`);
    element.limbs.forEach((name, index) => {
      this.line(`  v128.store(${base}, ${name}, ${offset + 16 * index});`);
    });
  }
}
