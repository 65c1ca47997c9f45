/** Holds the READMEs against the code: links, commands, Java snippets and printed output. */
package io.quorate.examples.readme;
