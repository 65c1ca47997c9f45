/** Puts known bugs back into the sources, for tests of the tests. */
package io.quorate.consensus.mutation;
