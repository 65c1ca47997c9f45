/**
 * Replicas learn of new models through a message bus whose notices are lost, doubled and overtake
 * each other, beside replicas that do what textbooks say.
 */
package io.quorate.examples.reload;
