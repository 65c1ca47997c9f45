/**
 * The test of the tests: known bugs are put into the sources one by one, and each must be found.
 * One laboratory for all modules, in this module's test-jar.
 */
package io.quorate.core.mutation;
