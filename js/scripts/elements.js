// Elements are made by a function whose children are its arguments: shorter than a property of each.
export { Fragment, h } from "preact";
