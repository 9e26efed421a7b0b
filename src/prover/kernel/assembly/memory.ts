/**
 * Memory of one instance. Static data and a bump arena: tables, scratch space and transforms' arrays
 * are reserved once and live as long as the instance, so an address stays valid.
 */

let top: usize = 0;

/** Reserves `bytes` of zeroed memory, 16-aligned; traps when the address space is full. */
export function reserve(bytes: usize): usize {
  if (top == 0) top = (__heap_base + 15) & ~15;
  const start = top;
  const end = start + ((bytes + 15) & ~15);
  if (end < start) unreachable();
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
  top = end;
  return start;
}
