// FNV-1a, as in shards.py: by it files of many texts and the addresses of works are found.
export function numberOf(text) {
  let number = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) number = Math.imul(number ^ byte, 0x01000193) >>> 0;
  return number;
}
