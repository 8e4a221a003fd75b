import type { Format } from "./format.ts";

/** Bounds of a number. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  /** Only whole numbers. @default false */
  readonly whole?: boolean;
}

/** A list, all items of one shape. */
export class ListOf<Item = Shape> {
  readonly items: Item;
  /** Whether no item may be repeated. */
  readonly unique: boolean;

  constructor(items: Item, unique: boolean) {
    this.items = items;
    this.unique = unique;
  }
}

/** A mapping with keys of one format, all values of one shape. */
export class MapOf {
  readonly keys: Format;
  readonly values: Shape;

  constructor(keys: Format, values: Shape) {
    this.keys = keys;
    this.values = values;
  }
}

/** A value that may be one of two things: the first shape is for texts, the other for lists and objects. */
export class TextOr {
  readonly text: Format;
  readonly other: Shape;

  constructor(text: Format, other: Shape) {
    this.text = text;
    this.other = other;
  }
}

/** What no format describes: results of our own functions, and what other checks look at. */
export const unchecked = Symbol("unchecked");
/** A number whose bounds the component's own checks know. */
export const numeric = Symbol("numeric");
/** A construct of cdk8s-plus. */
export const construct = Symbol("construct");
/** `true` or `false`. */
export const flag = Symbol("flag");

/** The formats of a value's parts. Every part of an object may be absent: what must be there, the types say. */
export type Shape =
  | typeof unchecked
  | typeof flag
  | typeof numeric
  | typeof construct
  | Format
  | Limits
  | ListOf
  | MapOf
  | TextOr
  | { readonly [key: string]: Shape };

type KeyOf<T> = T extends unknown ? keyof T : never;
type ValueOf<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

type ShapeOfDefined<T> = [T] extends [string]
  ? Format
  : [T] extends [number]
    ? Limits | typeof numeric
    : [T] extends [boolean]
      ? typeof flag
      : [T] extends [readonly (infer Item)[]]
        ? ListOf<ShapeOf<Item>>
        : MapOf | TextOr | { readonly [K in KeyOf<T>]-?: ShapeOf<ValueOf<T, K>> };

/** The shape of a type: it must say of every text, number and switch what it may be. */
export type ShapeOf<T> = typeof unchecked | ShapeOfDefined<NonNullable<T>>;

/** A list, all items of one shape. */
export const listOf = <Item>(items: Item): ListOf<Item> => new ListOf(items, false);

/** A list without repetitions. */
export const uniqueListOf = <Item>(items: Item): ListOf<Item> => new ListOf(items, true);

/** A mapping with keys of one format, all values of one shape. */
export const mapOf = (keys: Format, values: Shape): MapOf => new MapOf(keys, values);

/** A whole number between two bounds. */
export const whole = (min: number, max: number): Limits => ({ min, max, whole: true });

/** A number between two bounds. */
export const between = (min: number, max: number): Limits => ({ min, max });

/** A number of bytes: up to an exbibyte. */
export const byteCount = between(1, 2 ** 60);

/** A number of seconds: up to a hundred years. */
export const secondCount = between(0, 100 * 31_536_000);

export const isFormat = (shape: Shape): shape is Format => typeof shape === "object" && "mistake" in shape;
export const isLimits = (shape: Shape): shape is Limits =>
  typeof shape === "object" && typeof (shape as Limits).min === "number";

/** A TCP port. */
export const portNumber = whole(1, 65_535);
