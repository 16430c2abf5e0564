// A list of items that an address names -> what is said of it.

// own: the keys in the reader's basket. say: {basket, listed, gone}, the last two forms of words by the kind of number.
// title: "" = none of them is here. lost: that some are no longer here, or "".
export function described(keys, own, scores, say, tell) {
  const all = new Set(keys).size;
  const here = scores.filter(Boolean).length;
  const title = keys.join() === own.join() ? say.basket : tell(JSON.parse(say.listed), here);
  return { title: here ? title : "", lost: all > here ? tell(JSON.parse(say.gone), all - here) : "" };
}
