/**
 * Recommendations from three regions, by what visitors of the same pages visited too. Each answer
 * says where it comes from and how old it is: a cache, the model, an old answer, or what is popular.
 */
package io.quorate.examples.recommender;
