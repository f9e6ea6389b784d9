/** The settings page: sends all public content, batch by batch, and shows how far it is. */
( function () {
	'use strict';

	var place = document.getElementById( 'parlance-embed-sync' );
	if ( ! place ) {
		return;
	}
	var button = place.querySelector( 'button' );
	var bar = place.querySelector( 'progress' );
	var said = place.querySelector( 'output' );

	function ask( more ) {
		var body = new URLSearchParams( { action: 'parlance_embed_sync', _ajax_nonce: place.dataset.nonce } );
		if ( more ) {
			body.set( more, '1' );
		}
		return fetch( place.dataset.url, { method: 'POST', credentials: 'same-origin', body: body } )
			.then( function ( response ) {
				return response.json();
			} )
			.then( function ( answer ) {
				return answer.data;
			} );
	}

	function end( text ) {
		said.textContent = text;
		button.disabled = false;
	}

	function step( total ) {
		return ask().then( function ( data ) {
			bar.max = total;
			bar.value = total - data.waiting;
			if ( data.waiting === 0 ) {
				end( place.dataset.done );
			} else if ( data.sent === 0 ) {
				end( data.problem || place.dataset.later );
			} else {
				return step( total );
			}
		} );
	}

	button.addEventListener( 'click', function () {
		button.disabled = true;
		bar.hidden = false;
		document.getElementById( 'parlance-embed-waiting' ).hidden = true;
		said.textContent = '';
		ask( 'begin' )
			.then( function ( data ) {
				return step( Math.max( 1, data.waiting ) );
			} )
			.catch( function () {
				end( place.dataset.later );
			} );
	} );
	button.disabled = false;
} )();
