<?php
// A must-use plugin with the part of WooCommerce's contract that the plugin uses.
add_action(
	'init',
	function () {
		register_post_type( 'product', array( 'public' => true, 'label' => 'Products' ) );
	}
);

final class Shop_Attribute {
	public function __construct( private string $name, private bool $visible ) {}

	public function get_name() {
		return $this->name;
	}

	public function get_visible() {
		return $this->visible;
	}
}

final class Shop_Product {
	public function __construct( private int $id ) {}

	public function get_catalog_visibility() {
		return get_post_meta( $this->id, '_visibility', true ) ?: 'visible';
	}

	public function get_price_html() {
		return '<span class="amount">' . esc_html( get_post_meta( $this->id, '_price', true ) ) . '&nbsp;&euro;</span>';
	}

	public function get_sku() {
		return (string) get_post_meta( $this->id, '_sku', true );
	}

	public function get_attributes() {
		return array( 'pa_colour' => new Shop_Attribute( 'pa_colour', true ), 'margin' => new Shop_Attribute( 'margin', false ) );
	}

	public function get_attribute( $name ) {
		return array( 'pa_colour' => 'green', 'margin' => '80 percent' )[ $name ];
	}
}

function wc_get_product( $id ) {
	return 'product' === get_post_type( $id ) ? new Shop_Product( $id ) : false;
}

function wc_attribute_label( $name ) {
	return ucfirst( str_replace( 'pa_', '', $name ) );
}
