/**
 * The task that the examples learn: which language is a name in? The data are the names of languages,
 * countries, currencies and time zones that every JDK carries from Unicode CLDR.
 */
package io.quorate.examples.language;
