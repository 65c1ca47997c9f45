/**
 * The same partition of the network against every kind of store: which side answers what while it
 * lasts, and what all nodes answer after it.
 */
package io.quorate.examples.partition;
