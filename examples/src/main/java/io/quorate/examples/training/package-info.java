/** Trains a model on several workers while one is slow and one is killed, and shows how it goes. */
package io.quorate.examples.training;
