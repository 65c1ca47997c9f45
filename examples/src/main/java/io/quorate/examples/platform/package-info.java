/**
 * The whole in one program, all of it composed of the library's primitives: three regions elect a
 * master, train through failures, publish the model, serve it through a seeded schedule of faults,
 * and check every promise against what was measured. {@code Story} is the order of events, {@code
 * Platform} the nodes, {@code ModelUpdates} the topic on which the master tells every region of a
 * new model, {@code Front} the users' way in, {@code Fault} what breaks, {@code Scorecard} the
 * table, {@code UiServer} the live page.
 */
package io.quorate.examples.platform;
