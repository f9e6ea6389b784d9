<?php
/**
 * The chatbot's knowledge of this site: public posts are sent when they are saved, and taken away
 * when they go. Saving only notes the post; WP-Cron sends. Only what every visitor may read is sent.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * How many posts travel together, and how many bytes of them (the server takes 50 and 1000000). They
 * can be found when the server answers, very large ones a little later, so a busy one takes its time.
 */
define( 'PARLANCE_EMBED_BATCH', 20 );
define( 'PARLANCE_EMBED_BATCH_SECONDS', 30 );
define( 'PARLANCE_EMBED_BATCH_BYTES', 800000 );
define( 'PARLANCE_EMBED_POST_BYTES', 200000 );

/**
 * The types of posts that are sent; none before an administrator chose some.
 *
 * @return string[]
 */
function parlance_embed_sent_types() {
	return parlance_embed_is_connected() ? parlance_embed_settings( 'sync_types' ) : array();
}

/**
 * Notes a post that was saved, if it is one that is sent, or was.
 *
 * @param int          $post_id Which post.
 * @param WP_Post      $post    As it is now.
 * @param bool         $update  Whether it was there before.
 * @param WP_Post|null $before  As it was.
 */
function parlance_embed_note_saved( $post_id, $post, $update, $before ) {
	if ( ! in_array( $post->post_type, parlance_embed_sent_types(), true ) ) {
		return;
	}
	$is_public = parlance_embed_is_public( $post );
	if ( $is_public || ( $before && parlance_embed_is_public( $before ) ) ) {
		parlance_embed_enqueue_post( $post_id, ! $is_public );
		parlance_embed_send_soon();
	}
}

/**
 * Notes a post that was deleted for good.
 *
 * @param int     $post_id Which post.
 * @param WP_Post $post    As it was.
 */
function parlance_embed_note_deleted( $post_id, $post ) {
	if ( in_array( $post->post_type, parlance_embed_sent_types(), true ) ) {
		parlance_embed_enqueue_post( $post_id, true );
		parlance_embed_send_soon();
	}
}

/**
 * Whether the chatbot may know a post: one of a chosen type that every visitor may read.
 *
 * @param WP_Post $post The post.
 * @return bool
 */
function parlance_embed_is_public( $post ) {
	$is_public = 'publish' === $post->post_status && '' === $post->post_password
		&& in_array( $post->post_type, parlance_embed_sent_types(), true )
		&& ! parlance_embed_is_hidden_product( $post );
	/**
	 * Keeps a public post from the chatbot. What is not public cannot be given to it.
	 *
	 * @param bool    $is_allowed Whether the chatbot may know it.
	 * @param WP_Post $post       The post.
	 */
	return $is_public && apply_filters( 'parlance_embed_is_public', true, $post );
}

/**
 * Lets WP-Cron send, once for all that is saved within a few seconds.
 */
function parlance_embed_send_soon() {
	if ( ! wp_next_scheduled( 'parlance_embed_send' ) ) {
		wp_schedule_single_event( time() + 5, 'parlance_embed_send' );
	}
	if ( ! wp_next_scheduled( 'parlance_embed_look' ) ) {
		wp_schedule_event( time() + HOUR_IN_SECONDS, 'hourly', 'parlance_embed_look' );
	}
}

/**
 * What WP-Cron runs: sends what is due, for at most twenty seconds.
 */
function parlance_embed_send_due() {
	$until = time() + 20;
	do {
		$sent = parlance_embed_is_connected() ? parlance_embed_send_batch() : 0;
	} while ( 0 < $sent && time() < $until );
	if ( parlance_embed_is_connected() && 0 < parlance_embed_waiting() && ! wp_next_scheduled( 'parlance_embed_send' ) ) {
		wp_schedule_single_event( time() + MINUTE_IN_SECONDS, 'parlance_embed_send' );
	}
}

/**
 * Sends one batch, as nobody: blocks that show more to those who are signed in show what all see.
 *
 * @return int How many posts were sent; 0 when there is nothing to send, or it failed.
 */
function parlance_embed_send_batch() {
	$rows = parlance_embed_take_batch( PARLANCE_EMBED_BATCH );
	if ( ! $rows ) {
		return 0;
	}
	$user = get_current_user_id();
	wp_set_current_user( 0 );
	$sent    = 0;
	$problem = null;
	foreach ( parlance_embed_parcels( $rows ) as $parcel ) {
		if ( $problem && parlance_embed_is_hopeless( $problem ) ) {
			parlance_embed_put_back( wp_list_pluck( $parcel, 'row' ) );
		} else {
			$sent += parlance_embed_send_parcel( $parcel, $problem );
		}
	}
	wp_set_current_user( $user );
	if ( wp_cache_supports( 'flush_runtime' ) ) {
		wp_cache_flush_runtime(); // A large site's posts would all stay in memory.
	}
	update_option( 'parlance_embed_sync_problem', $problem ? $problem->get_error_message() : '', false );
	return $sent;
}

/**
 * Whether other posts would meet the same: the server cannot be reached, or does not know the plugin.
 *
 * @param WP_Error $problem What went wrong.
 * @return bool
 */
function parlance_embed_is_hopeless( $problem ) {
	return in_array( $problem->get_error_code(), array( 'parlance_embed_unreachable', 'parlance_embed_not_ours', 'parlance_embed_key' ), true );
}

/**
 * Sends a parcel. What cannot be sent goes back to the queue; of a parcel that is refused, each post
 * is tried by itself, so that one bad post holds up no other.
 *
 * @param array         $parcel  Rows and documents.
 * @param WP_Error|null $problem Gets what went wrong last.
 * @return int How many posts were sent.
 */
function parlance_embed_send_parcel( $parcel, &$problem ) {
	$said = parlance_embed_push( $parcel );
	if ( ! is_wp_error( $said ) ) {
		parlance_embed_forget_rows( wp_list_pluck( $parcel, 'row' ) );
		return count( $parcel );
	}
	if ( 'invalid_input' === parlance_embed_code_of( $said ) && 1 < count( $parcel ) ) {
		$sent = 0;
		foreach ( $parcel as $one ) {
			$sent += parlance_embed_send_parcel( array( $one ), $problem );
		}
		return $sent;
	}
	$problem = $said;
	parlance_embed_put_back( wp_list_pluck( $parcel, 'row' ) );
	return 0;
}

/**
 * What the server calls an error, in small letters.
 *
 * @param WP_Error $error The error.
 * @return string
 */
function parlance_embed_code_of( $error ) {
	$data = $error->get_error_data();
	return is_array( $data ) && isset( $data['code'] ) ? (string) $data['code'] : '';
}

/**
 * Rows with their documents, in parcels that are not too heavy; a parcel is made when the one before
 * it has gone, so that one at a time is in memory.
 *
 * @param object[] $rows The rows.
 * @return Generator
 */
function parlance_embed_parcels( $rows ) {
	$parcel = array();
	$bytes  = 0;
	foreach ( $rows as $row ) {
		$document = parlance_embed_document( (int) $row->post_id, (bool) $row->is_gone );
		$weight   = strlen( (string) wp_json_encode( $document ) );
		if ( $parcel && PARLANCE_EMBED_BATCH_BYTES < $bytes + $weight ) {
			yield $parcel;
			$parcel = array();
			$bytes  = 0;
		}
		$parcel[] = array(
			'row'      => $row,
			'document' => $document,
		);
		$bytes   += $weight;
	}
	yield $parcel;
}

/**
 * A post as the server wants it.
 *
 * `modifiedAt` is when the post was looked at, not when it was written: a password that is set, a
 * type that is not chosen any more, or a theme's block change what may be read of a post that nobody
 * modified. The server takes the newest look at a post, and one that says the same changes nothing.
 *
 * @param int  $post_id Which post.
 * @param bool $is_gone Whether it is to be taken away.
 * @return array
 */
function parlance_embed_document( $post_id, $is_gone ) {
	$now      = microtime( true );
	$post     = $is_gone ? null : get_post( $post_id );
	$document = array(
		'externalId' => 'post-' . $post_id,
		'url'        => home_url( '/?p=' . $post_id ),
		'title'      => '#' . $post_id,
		'modifiedAt' => gmdate( 'Y-m-d\TH:i:s', (int) $now ) . sprintf( '.%06dZ', (int) ( 1000000 * fmod( $now, 1 ) ) ),
	);
	if ( ! $post || ! parlance_embed_is_public( $post ) ) {
		$document['deleted'] = true;
		return $document;
	}
	$title            = trim( wp_strip_all_tags( html_entity_decode( get_the_title( $post ), ENT_QUOTES, 'UTF-8' ) ) );
	$document['url']  = get_permalink( $post );
	$document['html'] = parlance_embed_post_html( $post );
	if ( '' !== $title ) {
		$document['title'] = mb_substr( $title, 0, 200 );
	}
	return $document;
}

/**
 * What visitors read of a post, at most 200 kB of it.
 *
 * @param WP_Post $post The post.
 * @return string
 */
function parlance_embed_post_html( $post ) {
	$content = has_blocks( $post->post_content ) ? do_blocks( $post->post_content ) : wpautop( $post->post_content );
	$html    = '<p>' . wp_kses_post( $post->post_excerpt ) . '</p>' . parlance_embed_product_html( $post ) . wp_kses_post( strip_shortcodes( $content ) );
	/**
	 * Adds what a public post shows beside its text, such as the fields of another plugin.
	 *
	 * @param string  $html What is sent.
	 * @param WP_Post $post The post.
	 */
	$html = (string) apply_filters( 'parlance_embed_post_html', $html, $post );
	return mb_strcut( wp_check_invalid_utf8( $html, true ), 0, PARLANCE_EMBED_POST_BYTES, 'UTF-8' );
}

/**
 * The source of knowledge that belongs to this site. The server makes it, once.
 *
 * @return string|WP_Error Its id.
 */
function parlance_embed_source() {
	$source = get_option( 'parlance_embed_source', '' );
	if ( '' !== $source ) {
		return $source;
	}
	$url  = parlance_embed_server_url() . '/plugins/' . rawurlencode( parlance_embed_value( 'chatbot' ) ) . '/source';
	$said = parlance_embed_ask_server( 'POST', $url, array( 'siteUrl' => home_url() ), parlance_embed_api_key() );
	if ( is_wp_error( $said ) ) {
		return $said;
	}
	$source = isset( $said['sourceId'] ) && is_string( $said['sourceId'] ) ? $said['sourceId'] : '';
	update_option( 'parlance_embed_source', $source, false );
	return $source;
}

/**
 * Gives a parcel to the server. A source that somebody deleted there is made anew, with everything.
 *
 * @param array $parcel   Rows and documents.
 * @param bool  $is_first Whether it is the first try.
 * @return array|WP_Error
 */
function parlance_embed_push( $parcel, $is_first = true ) {
	$source = parlance_embed_source();
	if ( is_wp_error( $source ) ) {
		return $source;
	}
	$said = parlance_embed_operation(
		'mutation ($input: PushKnowledgeInput!) { result: pushKnowledge(input: $input) { ... on PushKnowledgeSuccess { accepted unchanged } ... on UserError { code message } } }',
		array(
			'input' => array(
				'sourceId'  => $source,
				'documents' => wp_list_pluck( $parcel, 'document' ),
			),
		),
		PARLANCE_EMBED_BATCH_SECONDS
	);
	if ( $is_first && is_wp_error( $said ) && 'not_found' === parlance_embed_code_of( $said ) ) {
		delete_option( 'parlance_embed_source' );
		parlance_embed_enqueue_all( parlance_embed_sent_types() );
		return parlance_embed_push( $parcel, false );
	}
	return $said;
}

/**
 * The settings page's button: notes everything, then sends a batch with each call.
 */
function parlance_embed_answer_sync() {
	check_ajax_referer( 'parlance_embed_sync' );
	if ( ! current_user_can( 'manage_options' ) ) {
		wp_send_json_error( null, 403 );
	}
	if ( isset( $_POST['begin'] ) ) {
		parlance_embed_enqueue_all( parlance_embed_sent_types() );
		wp_send_json_success( array( 'waiting' => parlance_embed_waiting() ) );
	}
	$sent = parlance_embed_send_batch();
	wp_send_json_success(
		array(
			'sent'    => $sent,
			'waiting' => parlance_embed_waiting(),
			'problem' => (string) get_option( 'parlance_embed_sync_problem', '' ),
		)
	);
}

/**
 * Notes what is to be sent, and what is to be taken away, when other types were chosen.
 *
 * @param array $before As the settings were.
 * @param array $after  As they are.
 */
function parlance_embed_settings_saved( $before, $after ) {
	$old = isset( $before['sync_types'] ) ? $before['sync_types'] : array();
	$new = isset( $after['sync_types'] ) ? $after['sync_types'] : array();
	parlance_embed_send_all( array_merge( array_diff( $new, $old ), array_diff( $old, $new ) ) );
}

/**
 * Notes all posts of some types, and lets WP-Cron send them.
 *
 * @param string[] $types Types of posts.
 */
function parlance_embed_send_all( $types ) {
	if ( $types && parlance_embed_is_connected() ) {
		parlance_embed_enqueue_all( $types );
		parlance_embed_send_soon();
	}
}

/**
 * The same for settings that are saved for the first time.
 *
 * @param string $name  Of the option.
 * @param array  $after As they are.
 */
function parlance_embed_settings_added( $name, $after ) {
	parlance_embed_settings_saved( array(), $after );
}

/**
 * Stops WP-Cron when the plugin is switched off.
 */
function parlance_embed_stop_sending() {
	wp_clear_scheduled_hook( 'parlance_embed_send' );
	wp_clear_scheduled_hook( 'parlance_embed_look' );
}
