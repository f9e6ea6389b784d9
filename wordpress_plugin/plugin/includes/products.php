<?php
/**
 * What a shop tells of its products beside their text: price, article number and features, as
 * WooCommerce shows them to visitors. On a site without WooCommerce nothing of it happens.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * WooCommerce's own object of a product.
 *
 * @param WP_Post $post The post.
 * @return WC_Product|null
 */
function parlance_embed_product( $post ) {
	$product = 'product' === $post->post_type && function_exists( 'wc_get_product' ) ? wc_get_product( $post->ID ) : null;
	return $product ? $product : null;
}

/**
 * Whether a shop keeps a product out of its catalogue and its search; it is then for those with its link.
 *
 * @param WP_Post $post The post.
 * @return bool
 */
function parlance_embed_is_hidden_product( $post ) {
	$product = parlance_embed_product( $post );
	return $product && 'hidden' === $product->get_catalog_visibility();
}

/**
 * Notes a product that was changed: its price is no part of the post.
 *
 * @param int $post_id Which one.
 */
function parlance_embed_note_product( $post_id ) {
	$post = get_post( $post_id );
	if ( $post && 'publish' === $post->post_status && in_array( $post->post_type, parlance_embed_sent_types(), true ) ) {
		parlance_embed_enqueue_post( $post->ID, ! parlance_embed_is_public( $post ) );
		parlance_embed_send_soon();
	}
}

/**
 * Price, article number and features of a product.
 *
 * @param WP_Post $post The post.
 * @return string HTML; an empty text for what is no product.
 */
function parlance_embed_product_html( $post ) {
	$product = parlance_embed_product( $post );
	if ( ! $product ) {
		return '';
	}
	$facts = array_merge(
		array(
			__( 'Price', 'parlance-embed' )          => $product->get_price_html(),
			__( 'Article number', 'parlance-embed' ) => $product->get_sku(),
		),
		parlance_embed_product_features( $product )
	);
	$html  = '';
	foreach ( $facts as $name => $value ) {
		$text  = trim( html_entity_decode( wp_strip_all_tags( $value ), ENT_QUOTES, 'UTF-8' ) );
		$html .= '' === $text ? '' : '<li>' . esc_html( $name . ': ' . $text ) . '</li>';
	}
	return '' === $html ? '' : '<ul>' . $html . '</ul>';
}

/**
 * The attributes of a product that its page shows.
 *
 * @param WC_Product $product The product.
 * @return string[] By their names.
 */
function parlance_embed_product_features( $product ) {
	$features = array();
	foreach ( $product->get_attributes() as $attribute ) {
		if ( is_object( $attribute ) && $attribute->get_visible() ) {
			$name               = $attribute->get_name();
			$label              = wc_attribute_label( $name, $product );
			$features[ $label ] = $product->get_attribute( $name );
		}
	}
	return $features;
}
