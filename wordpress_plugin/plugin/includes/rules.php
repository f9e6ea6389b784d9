<?php
/**
 * Where the chat shows. What depends on the address is decided here, when a page is made. What
 * depends on who looks at it is decided in the browser, because a page cache gives the same page to
 * everybody.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * Whether the launcher belongs on the page that is being made.
 *
 * @return bool
 */
function parlance_embed_shows_here() {
	$settings = parlance_embed_settings();
	$shows    = $settings['site_wide']
		&& parlance_embed_path_allowed( $settings )
		&& parlance_embed_post_type_allowed( $settings['post_types'] )
		&& parlance_embed_language_allowed( $settings['languages'] );
	/**
	 * Decides whether the chat shows on this page.
	 *
	 * @param bool $shows What the settings say.
	 */
	return (bool) apply_filters( 'parlance_embed_shows_here', $shows );
}

/**
 * Whether the path is among the wanted ones and none of the unwanted.
 *
 * @param array $settings The settings.
 * @return bool
 */
function parlance_embed_path_allowed( $settings ) {
	$path   = parlance_embed_current_path();
	$wanted = parlance_embed_lines( $settings['include_paths'] );
	if ( $wanted && ! parlance_embed_path_matches( $path, $wanted ) ) {
		return false;
	}
	return ! parlance_embed_path_matches( $path, parlance_embed_lines( $settings['exclude_paths'] ) );
}

/**
 * The path of this page below the site's own address, as people read it.
 *
 * @return string
 */
function parlance_embed_current_path() {
	$asked = isset( $_SERVER['REQUEST_URI'] ) ? esc_url_raw( wp_unslash( $_SERVER['REQUEST_URI'] ) ) : '/';
	$path  = rawurldecode( (string) strtok( $asked, '?#' ) );
	$home  = untrailingslashit( (string) wp_parse_url( home_url(), PHP_URL_PATH ) );
	if ( '' !== $home && 0 === strpos( $path, $home . '/' ) ) {
		$path = substr( $path, strlen( $home ) );
	}
	return '/' . trim( $path, '/' );
}

/**
 * The lines of a text that say something.
 *
 * @param string $text Several lines.
 * @return string[]
 */
function parlance_embed_lines( $text ) {
	return array_values( array_filter( array_map( 'trim', explode( "\n", $text ) ), 'strlen' ) );
}

/**
 * Whether a path is like one of these; a star stands for anything.
 *
 * @param string   $path     Such as /shop/shoes.
 * @param string[] $patterns Such as /shop/*.
 * @return bool
 */
function parlance_embed_path_matches( $path, $patterns ) {
	foreach ( $patterns as $pattern ) {
		$wanted = '/' . trim( rawurldecode( $pattern ), '/' );
		$regex  = '#^' . str_replace( '\*', '.*', preg_quote( $wanted, '#' ) ) . '$#iu';
		if ( preg_match( $regex, $path ) ) {
			return true;
		}
		if ( '/*' === substr( $wanted, -2 ) && substr( $wanted, 0, -2 ) === $path ) {
			return true;
		}
	}
	return false;
}

/**
 * Whether this page is of one of these types; none chosen means all.
 *
 * @param string[] $types Post types.
 * @return bool
 */
function parlance_embed_post_type_allowed( $types ) {
	return ! $types || is_singular( $types ) || is_post_type_archive( $types );
}

/**
 * Whether this page is in one of these languages; none named means all.
 *
 * @param string $languages Codes with commas in between; `pt` stands for `pt-br`, too.
 * @return bool
 */
function parlance_embed_language_allowed( $languages ) {
	$wanted = array_filter( array_map( 'trim', explode( ',', strtolower( $languages ) ) ), 'strlen' );
	if ( ! $wanted ) {
		return true;
	}
	$language = parlance_embed_language();
	return in_array( $language, $wanted, true ) || in_array( strtok( $language, '-' ), $wanted, true );
}

/**
 * The language of this page: Polylang's, WPML's, else WordPress's.
 *
 * @return string In lower case, such as pt-br.
 */
function parlance_embed_language() {
	$language = function_exists( 'pll_current_language' ) ? pll_current_language( 'slug' ) : '';
	if ( ! $language ) {
		$language = apply_filters( 'wpml_current_language', '' ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedHooknameFound -- WPML's own.
	}
	if ( ! is_string( $language ) || '' === $language || 'all' === $language ) {
		$language = get_bloginfo( 'language' );
	}
	return strtolower( str_replace( '_', '-', $language ) );
}
