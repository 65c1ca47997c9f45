/** What the READMEs' Java snippets use without declaring it. */
package io.quorate.examples.readme.settings;
