<?php
/**
 * WordPress's own tools for personal data: text for the privacy policy, export and erasure of what
 * the chat's server keeps about a user of this site.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * Proposes a text for the site's privacy policy.
 */
function parlance_embed_privacy_text() {
	/* translators: %s: the name of a server. */
	$text = __( 'Our chat is provided by %s. Once you write to it, your messages and a random identifier are kept there, and your browser keeps an access token in its local storage. If you are signed in, a pseudonym of your user account is sent along, and your e-mail address if the site is set up to do so. You can download and delete your conversations from the menu of the chat.', 'parlance-embed' );
	wp_add_privacy_policy_content( parlance_embed_title(), wp_kses_post( wpautop( sprintf( $text, parlance_embed_host( parlance_embed_server_url() ) ) ) ) );
}

/**
 * Adds the exporter.
 *
 * @param array $exporters What is there.
 * @return array
 */
function parlance_embed_register_exporter( $exporters ) {
	$exporters['parlance-embed'] = array(
		'exporter_friendly_name' => parlance_embed_title(),
		'callback'               => 'parlance_embed_export',
	);
	return $exporters;
}

/**
 * Adds the eraser.
 *
 * @param array $erasers What is there.
 * @return array
 */
function parlance_embed_register_eraser( $erasers ) {
	$erasers['parlance-embed'] = array(
		'eraser_friendly_name' => parlance_embed_title(),
		'callback'             => 'parlance_embed_erase',
	);
	return $erasers;
}

/**
 * What the server keeps about the user with an address.
 *
 * @param string $email Whose.
 * @return array|WP_Error
 */
function parlance_embed_export( $email ) {
	$user   = get_user_by( 'email', $email );
	$result = $user && parlance_embed_is_connected() ? parlance_embed_operation(
		'mutation ($user: String!) { result: exportVisitor(input: {userId: $user}) { ... on ExportVisitorSuccess { download { url sha256 } } ... on UserError { code message } } }',
		array( 'user' => parlance_embed_user_id( $user->ID ) )
	) : array();
	if ( is_wp_error( $result ) ) {
		return parlance_embed_unknown_visitor( $result ) ? parlance_embed_exported( array() ) : $result;
	}
	if ( ! isset( $result['download']['url'] ) ) {
		return parlance_embed_exported( array() );
	}
	$file = parlance_embed_fetch_file( $result['download']['url'], $result['download']['sha256'] );
	if ( is_wp_error( $file ) ) {
		return $file;
	}
	$items = parlance_embed_archive_items( $file );
	wp_delete_file( $file );
	return parlance_embed_exported( $items );
}

/**
 * What WordPress wants an exporter to answer.
 *
 * @param array $items The items.
 * @return array
 */
function parlance_embed_exported( $items ) {
	return array(
		'data' => $items,
		'done' => true,
	);
}

/**
 * The documents of an archive, as items of WordPress's export.
 *
 * @param string $file The ZIP.
 * @return array
 */
function parlance_embed_archive_items( $file ) {
	require_once ABSPATH . 'wp-admin/includes/class-pclzip.php';
	$archive = new PclZip( $file );
	$entries = $archive->extract( PCLZIP_OPT_EXTRACT_AS_STRING );
	$items   = array();
	foreach ( is_array( $entries ) ? $entries : array() as $entry ) {
		$documents = json_decode( $entry['content'], true );
		$kind      = basename( $entry['filename'], '.json' );
		foreach ( is_array( $documents ) ? $documents : array() as $number => $document ) {
			$items[] = array(
				'group_id'    => 'parlance-embed-' . sanitize_key( $kind ),
				'group_label' => parlance_embed_title() . ': ' . sanitize_text_field( $kind ),
				'item_id'     => 'parlance-embed-' . sanitize_key( $kind ) . '-' . (int) $number,
				'data'        => parlance_embed_fields( $document ),
			);
		}
	}
	return $items;
}

/**
 * The fields of a document as names and values.
 *
 * @param mixed $document As it was read.
 * @return array
 */
function parlance_embed_fields( $document ) {
	$fields = array();
	foreach ( is_array( $document ) ? $document : array() as $name => $value ) {
		if ( null === $value || array() === $value ) {
			continue;
		}
		$fields[] = array(
			'name'  => sanitize_text_field( $name ),
			'value' => esc_html( is_scalar( $value ) ? (string) $value : wp_json_encode( $value, JSON_UNESCAPED_UNICODE ) ),
		);
	}
	return $fields;
}

/**
 * Erases what the server keeps about the user with an address.
 *
 * @param string $email Whose.
 * @return array
 */
function parlance_embed_erase( $email ) {
	$user   = get_user_by( 'email', $email );
	$result = $user && parlance_embed_is_connected() ? parlance_embed_operation(
		'mutation ($user: String!) { result: eraseVisitor(input: {userId: $user}) { ... on EraseVisitorSuccess { erased { collection } } ... on UserError { code message } } }',
		array( 'user' => parlance_embed_user_id( $user->ID ) )
	) : array();
	$failed = is_wp_error( $result ) && ! parlance_embed_unknown_visitor( $result );
	return array(
		'items_removed'  => ! is_wp_error( $result ) && array() !== $result,
		'items_retained' => $failed,
		'messages'       => $failed ? array( $result->get_error_message() ) : array(),
		'done'           => true,
	);
}

/**
 * Whether an error says that the server knows no such visitor: then there is nothing to do.
 *
 * @param WP_Error $error The error.
 * @return bool
 */
function parlance_embed_unknown_visitor( $error ) {
	$data = $error->get_error_data();
	return is_array( $data ) && isset( $data['code'] ) && 'not_found' === $data['code'];
}
