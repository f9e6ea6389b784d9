<?php
/**
 * What this copy of the plugin was made for: its chatbot and its server, from values.json.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * A value of values.json; an empty text for one that is not there.
 *
 * @param string $name One of chatbot, client, flavour, serverUrl, title.
 * @return string
 */
function parlance_embed_value( $name ) {
	static $values = null;
	if ( null === $values ) {
		$path   = PARLANCE_EMBED_DIR . 'values.json';
		$text   = is_readable( $path ) ? file_get_contents( $path ) : '{}'; // phpcs:ignore WordPress.WP.AlternativeFunctions.file_get_contents_file_get_contents -- a local file.
		$values = json_decode( $text, true );
		$values = is_array( $values ) ? $values : array();
	}
	return isset( $values[ $name ] ) && is_string( $values[ $name ] ) ? $values[ $name ] : '';
}

/**
 * What the plugin is called for people.
 *
 * @return string
 */
function parlance_embed_title() {
	$title = parlance_embed_value( 'title' );
	return '' === $title ? 'Parlance Embed' : $title;
}

/**
 * Loads the translation that comes with the plugin: one a language, for all its countries.
 */
function parlance_embed_load_translations() {
	$language = (string) strtok( determine_locale(), '_-' );
	$file     = PARLANCE_EMBED_DIR . 'languages/parlance-embed-' . $language . '.mo';
	if ( is_readable( $file ) ) {
		load_textdomain( 'parlance-embed', $file );
	}
}
