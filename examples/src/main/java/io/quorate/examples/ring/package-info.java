/** Adds a node to a ring and removes another, and shows what moves and how even the load is. */
package io.quorate.examples.ring;
