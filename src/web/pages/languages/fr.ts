/** The texts of the sign-in pages in French. */
import type { Texts } from './texts.ts'

/** French. */
export const fr: Texts = {
  ask: {
    title: 'Connecter votre agenda Google',
    busy: '{site} souhaite savoir quand vous n’êtes pas disponible, pour ne proposer des rendez-vous que lorsque vous l’êtes.',
    full: '{site} souhaite voir vos événements, pour ne proposer des rendez-vous que lorsque vous êtes disponible.',
    other: '{site} souhaite connecter votre agenda.',
  },
  button: 'Se connecter avec Google',
  next: {
    Redirect:
      'La page de Google va s’ouvrir. Votre mot de passe n’est saisi que là-bas ; ensuite, vous reviendrez ici.',
    Popup: 'Une fenêtre de Google va s’ouvrir. Votre mot de passe n’est saisi que là-bas.',
  },
  onlyIfExpected:
    'Ne continuez que si vous connaissez {site} et attendiez cette demande. Sinon, fermez la page : rien ne se passe sans vous.',
  added: {
    title: 'Nouveau depuis votre dernier accord',
    detail: 'Les titres, descriptions, lieux et invités de vos événements sont aussi transmis.',
    accessToken: 'Les programmes de {site} reçoivent leur propre accès à Google.',
    write: 'Des rendez-vous sont inscrits dans votre agenda, et les invitations sont envoyées en votre nom.',
    calendar: 'Un agenda de plus : {calendar}',
    note: 'Tant que vous ne vous connectez pas, tout reste comme vous l’avez accepté.',
  },
  details: {
    asker: 'Qui demande',
    askerOf: '{site} (espace de noms {namespace})',
    person: 'Pour',
    account: 'Compte Google',
    accountNote: 'Choisissez ce compte chez Google ; aucun autre n’est accepté.',
    calendars: 'Agendas',
    primary: 'Votre agenda principal',
    read: 'Ce qui est lu',
    readBusy: 'Quand vos événements commencent et se terminent, et s’ils vous rendent indisponible.',
    readFull: 'Vos événements : début et fin, titres, descriptions, lieux et invités.',
    notRead: 'Ce qui n’est pas lu',
    notReadBusy: 'Les titres, descriptions, lieux et invités. Ils ne sont même pas demandés.',
    notReadWriting:
      'Les titres, descriptions, lieux et invités des événements autres que ces rendez-vous. Ils ne sont même pas demandés.',
    written: 'Ce qui est inscrit',
    writtenEvents:
      'Les rendez-vous pris avec {site}, dans cet agenda : {calendar}. Ils sont aussi modifiés et supprimés.',
    writtenMails: 'Google envoie en votre nom les invitations et les changements aux invités de ces rendez-vous.',
    shown: 'Qui le voit',
    shownBusy: 'Les programmes de {site} voient quand vous êtes indisponible, et rien d’autre.',
    shownFull: 'Les programmes de {site} voient vos événements avec titres, descriptions, lieux et invités.',
    shownNone: 'Pour l’instant, rien n’est transmis aux programmes de {site}.',
    shownWriting:
      'Les programmes de {site} voient aussi ce que deviennent ces rendez-vous : s’ils ont été déplacés ou annulés, et ce que répondent leurs invités.',
    shownToken:
      'Les programmes de {site} reçoivent aussi leur propre accès à Google tant que vous restez connecté. Ils peuvent alors faire tout ce que vous autorisez ci-dessous.',
    allowed: 'Ce que Google vous demandera d’autoriser',
    allowedNote: 'Cela peut permettre plus que ce qui est fait : vos agendas sont seulement lus, rien n’y est modifié.',
    allowedNoteWriting:
      'Cela peut permettre plus que ce qui est fait : seuls les rendez-vous pris ici sont inscrits, aucun autre événement n’est modifié.',
  },
  scopes: {
    calendar:
      'Voir, modifier, partager et supprimer définitivement tous les agendas auxquels vous avez accès dans Google Agenda',
    calendarReadonly: 'Voir et télécharger tous les agendas auxquels vous avez accès dans Google Agenda',
    events: 'Voir et modifier les événements de vos agendas',
    eventsReadonly: 'Voir les événements de vos agendas',
    freeBusy: 'Voir vos disponibilités dans vos agendas',
    calendarList: 'Voir la liste de vos agendas',
    identity: 'Voir votre nom et votre adresse e-mail',
  },
  stored: {
    title: 'Ce qui est conservé',
    text: 'Une autorisation de Google, conservée là où fonctionne {site}, grâce à laquelle votre agenda est lu sans vous. Jamais votre mot de passe.',
    writing: 'Elle permet aussi d’y inscrire des rendez-vous.',
  },
  withdraw: {
    title: 'Comment retirer l’autorisation',
    text: 'À tout moment, dans votre compte Google, sous {link}. Dès lors, l’accès est supprimé.',
    link: 'Applications et services tiers',
  },
  lastsUntil: 'La connexion est valable jusqu’au {date}. Ensuite, vous devrez vous connecter à nouveau.',
  renewBefore: 'La connexion actuelle prend fin le {date}. Une nouvelle connexion la prolonge.',
  outcomes: {
    connected: {
      title: 'Votre agenda est connecté',
      text: 'L’agenda de {account} est connecté à {site}. Vous pouvez fermer cette fenêtre.',
    },
    denied: {
      title: 'L’accès n’a pas été autorisé',
      text: 'Rien n’a été connecté ni conservé. Si c’était une erreur, connectez-vous à nouveau et choisissez « Continuer » ou « Autoriser » chez Google.',
    },
    'wrong-account': {
      title: 'C’était un autre compte Google',
      text: 'Ce lien est destiné à {account}. Rien n’a été connecté. Connectez-vous à nouveau et choisissez ce compte ; si Google ne le propose pas, choisissez « Utiliser un autre compte ».',
    },
    'scope-missing': {
      title: 'Il manque une autorisation',
      text: 'Rien n’a été connecté. Connectez-vous à nouveau et, sur la page de Google, cochez la case de chacune de ces autorisations :',
    },
    'no-refresh-token': {
      title: 'Google n’a pas donné d’autorisation durable',
      text: 'Rien n’a été connecté. Connectez-vous à nouveau. Si cela ne suffit pas, retirez d’abord l’accès de ce site dans votre compte Google, sous {link}.',
    },
    expired: {
      title: 'Cette tentative est terminée',
      text: 'Une tentative de connexion dure dix minutes et ne vaut qu’une fois. Si vous venez de la terminer, rechargez cette page dans un instant : elle l’indiquera alors. Sinon, reconnectez-vous.',
    },
    'settings-not-in-effect': {
      title: 'Google ne connaît pas encore ce site',
      text: 'Chez Google, de nouveaux réglages prennent effet après 5 minutes à quelques heures. Rien n’a été connecté. Réessayez plus tard ; si rien ne change, prévenez les responsables de {site}.',
    },
    'blocked-by-admin': {
      title: 'Votre organisation ne le permet pas',
      text: 'L’administrateur de ce compte Google, au travail ou à l’école, a bloqué l’accès. Rien n’a été connecté. Demandez à votre administrateur d’autoriser {site} dans Google Workspace, puis reconnectez-vous.',
    },
    'not-a-member': {
      title: 'Ce compte n’est pas membre de l’organisation',
      text: 'Chez Google, seuls les membres d’une organisation peuvent être connectés à {site}, et le compte choisi n’en fait pas partie. Rien n’a été connecté. Reconnectez-vous avec {account} ; si Google refuse aussi ce compte, adressez-vous à l’administrateur Google Workspace de l’organisation.',
    },
    'google-unreachable': {
      title: 'Google est injoignable',
      text: 'Rien n’a été connecté. Veuillez réessayer dans quelques minutes.',
    },
    suspended: {
      title: 'La connexion est suspendue',
      text: 'Les responsables de {site} l’ont suspendue, et rien n’est lu. Vous n’avez rien à faire.',
    },
    'not-needed': {
      title: 'Votre agenda est déjà connecté',
      text: 'Vous n’avez rien à faire. Vous pouvez fermer cette fenêtre.',
    },
  },
  pages: {
    notFound: {
      title: 'Ce lien n’est pas valable',
      text: 'Il est peut-être incomplet ou n’est plus utilisé. Demandez-en un nouveau à la personne qui vous l’a envoyé.',
    },
    refused: {
      title: 'Cette connexion ne peut pas être poursuivie',
      text: 'Elle a duré trop longtemps, est déjà terminée ou a commencé dans un autre navigateur. Rien n’a été modifié. Ouvrez le lien que vous avez reçu et recommencez.',
    },
    tooManyRequests: {
      title: 'Trop de demandes',
      text: 'Veuillez attendre une minute, puis recharger la page.',
    },
    failed: {
      title: 'Quelque chose n’a pas fonctionné ici',
      text: 'Veuillez réessayer dans quelques minutes. Si rien ne change, prévenez la personne qui vous a envoyé le lien.',
    },
  },
  popup: {
    noScript:
      'Sur ce site, la connexion avec Google nécessite JavaScript, qui est désactivé dans votre navigateur. Activez-le et rechargez la page.',
    working: 'Un instant…',
    blocked:
      'Votre navigateur a bloqué la fenêtre de Google. Autorisez les fenêtres pop-up pour ce site, puis appuyez à nouveau sur le bouton.',
    closed:
      'La fenêtre de Google a été fermée avant la fin. Rien n’a été connecté. Appuyez sur le bouton pour réessayer.',
    notLoaded:
      'La connexion Google n’a pas pu être chargée. Vérifiez votre connexion et vos bloqueurs de contenu, puis rechargez la page.',
    failed: 'Cela n’a pas fonctionné et rien n’a été connecté. Veuillez recharger la page dans une minute.',
  },
}
