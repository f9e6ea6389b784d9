<?php
/**
 * Putting the chat into pages: the launcher, the shortcode [parlance] and the block.
 *
 * Pages get one small script and one hidden element with settings that are the same for everybody,
 * so that page caches may keep them. The script loads the chat itself from the server, after the
 * page.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * Registers the scripts, the shortcode and the block.
 */
function parlance_embed_register_inline() {
	$url = plugin_dir_url( PARLANCE_EMBED_FILE );
	wp_register_script( 'parlance-embed', $url . 'assets/front.js', array(), PARLANCE_EMBED_VERSION, true );
	wp_script_add_data( 'parlance-embed', 'strategy', 'defer' );
	wp_register_script(
		'parlance-embed-block',
		$url . 'blocks/chat/editor.js',
		array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element' ),
		PARLANCE_EMBED_VERSION,
		true
	);
	wp_localize_script(
		'parlance-embed-block',
		'parlance_embed_texts',
		array(
			'chatbot' => __( 'Chatbot', 'parlance-embed' ),
			'height'  => __( 'Height in pixels', 'parlance-embed' ),
			'here'    => __( 'Visitors see the chat here.', 'parlance-embed' ),
		)
	);
	add_shortcode( 'parlance', 'parlance_embed_shortcode' );
	register_block_type( PARLANCE_EMBED_DIR . 'blocks/chat', array( 'render_callback' => 'parlance_embed_render_block' ) );
}

/**
 * Asks for the script where the launcher shows.
 */
function parlance_embed_enqueue() {
	if ( parlance_embed_is_connected() && parlance_embed_shows_here() ) {
		wp_enqueue_script( 'parlance-embed' );
	}
}

/**
 * Prints the settings for the script, if this page has it.
 */
function parlance_embed_print_data() {
	if ( ! wp_script_is( 'parlance-embed', 'enqueued' ) ) {
		return;
	}
	$settings = parlance_embed_settings();
	$data     = array(
		'apiUrl'   => get_option( 'parlance_embed_connected_to', '' ),
		'chatbot'  => parlance_embed_value( 'chatbot' ),
		'launcher' => parlance_embed_shows_here(),
		'audience' => $settings['audience'],
		'identity' => $settings['identify'] || 'roles' === $settings['audience'] ? rest_url( 'parlance-embed/v1/identity' ) : '',
		'hint'     => parlance_embed_hint_name(),
		'consent'  => $settings['wait_consent'],
	);
	printf( '<div id="parlance-embed-data" hidden data-settings="%s"></div>', esc_attr( wp_json_encode( $data ) ) );
}

/**
 * The shortcode [parlance height="600"]: the chat within the page.
 *
 * @param array|string $given Its attributes.
 * @return string
 */
function parlance_embed_shortcode( $given ) {
	$attributes = shortcode_atts( array( 'height' => '' ), is_array( $given ) ? $given : array(), 'parlance' );
	return parlance_embed_inline_html( (int) $attributes['height'] );
}

/**
 * The block: the same as the shortcode.
 *
 * @param array $attributes Its attributes.
 * @return string
 */
function parlance_embed_render_block( $attributes ) {
	$html = parlance_embed_inline_html( isset( $attributes['height'] ) ? (int) $attributes['height'] : 0 );
	return '' === $html ? '' : '<div ' . get_block_wrapper_attributes() . '>' . $html . '</div>';
}

/**
 * The element of the chat; nothing before the plugin is connected.
 *
 * @param int $height In pixels; 0: as the chat itself wants it.
 * @return string
 */
function parlance_embed_inline_html( $height ) {
	if ( ! parlance_embed_is_connected() ) {
		return '';
	}
	wp_enqueue_script( 'parlance-embed' );
	$style = 0 < $height ? ' style="' . esc_attr( '--parlance-height:' . min( max( $height, 240 ), 2000 ) . 'px' ) . '"' : '';
	return '<parlance-chat chatbot="' . esc_attr( parlance_embed_value( 'chatbot' ) ) . '"' . $style . '></parlance-chat>';
}
