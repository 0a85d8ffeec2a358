/** What the gallery is told: a card a dream, and the thumbnails of all as bytes. */

export interface Card {
  readonly dream: number;
  readonly target: string;
  readonly verdict: string;
  readonly start: string;
  readonly seed: number;
  readonly score: number | null;
  readonly probability: number | null;
  readonly distance: number | null;
  readonly failure: string;
}

/** A byte a point, 0 the lowest of the dream's own range, 254 its highest; 255 where there is nothing. */
export interface Thumbnails {
  readonly points: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

export const NOTHING = 255;

export const SORTS = {
  dream: "as dreamed",
  score: "highest score",
  probability: "highest probability",
  distance: "nearest to its class",
} as const;
export type Sort = keyof typeof SORTS;

export interface Choice {
  readonly sort: Sort;
  readonly target: string;
  readonly verdict: string;
}

/** The choice of every class, or every verdict: no card has it empty. */
export const ALL = "";

function cardOf(given: unknown, dream: number): Card {
  const told = (typeof given === "object" && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  const text = (name: string) => (typeof told[name] === "string" ? (told[name] as string) : "");
  const number = (name: string) =>
    typeof told[name] === "number" && Number.isFinite(told[name]) ? (told[name] as number) : null;
  return {
    dream,
    target: text("target"),
    verdict: text("verdict"),
    start: text("start"),
    seed: number("seed") ?? 0,
    score: number("score"),
    probability: number("probability"),
    distance: number("distance"),
    failure: text("failure"),
  };
}

export function cardsOf(given: unknown): Card[] {
  return Array.isArray(given) ? given.map(cardOf) : [];
}

/** Those that a choice leaves, in its order; of equals, and where there is no number, in that of the dreams. */
export function chosen(cards: readonly Card[], choice: Choice): Card[] {
  const left = cards.filter(
    (card) =>
      (choice.target === ALL || card.target === choice.target) &&
      (choice.verdict === ALL || card.verdict === choice.verdict),
  );
  const { sort } = choice;
  if (sort === "dream") return left;
  const sign = sort === "distance" ? 1 : -1;
  const key = (card: Card) => {
    const value = card[sort];
    return value === null ? Number.POSITIVE_INFINITY : sign * value;
  };
  return left.sort((one, other) => {
    const [first, second] = [key(one), key(other)];
    return first === second ? one.dream - other.dream : first - second;
  });
}

/** The different values of a field, in the order in which they come first, with how many cards have each. */
export function counted(cards: readonly Card[], field: "target" | "verdict"): Map<string, number> {
  const counts = new Map<string, number>();
  for (const card of cards) counts.set(card[field], (counts.get(card[field]) ?? 0) + 1);
  return counts;
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly first: number;
  readonly last: number;
}

/** Which cards of so many are to be seen, with a row more at either end. */
export function visible(
  count: number,
  size: { readonly width: number; readonly height: number },
  view: { readonly width: number; readonly height: number; readonly top: number },
): Grid {
  const columns = Math.max(1, Math.floor(view.width / size.width));
  const rows = Math.ceil(count / columns);
  const above = Math.max(0, Math.min(rows - 1, Math.floor(view.top / size.height) - 1));
  const below = Math.min(rows, Math.ceil((view.top + view.height) / size.height) + 1);
  return {
    columns,
    rows,
    first: above * columns,
    last: Math.min(count, Math.max(above, below) * columns),
  };
}
