/**
 * The whole in one program: elect a master, train through failures, publish the model, serve it
 * through failures, and check every promise against what was measured.
 */
package io.quorate.examples.platform;
