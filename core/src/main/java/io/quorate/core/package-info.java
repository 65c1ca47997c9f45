/**
 * The door to the world. {@link io.quorate.core.Environment} gives a component its clock, event
 * loops, transport, storage, chance and metrics; everything else in this library reaches the world
 * through it alone. {@link io.quorate.core.OperationException} is the base of every failed
 * operation.
 */
package io.quorate.core;
